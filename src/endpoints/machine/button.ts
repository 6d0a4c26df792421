import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { FatalError } from "../../util/errors.ts";

/** What a button tells. */
export interface ButtonEvents {
  readonly press: () => void;
  readonly release: () => void;
  /** It works no more; `why` is a sentence. */
  readonly onTrouble: (why: string) => void;
}

/** What may be a talk button: a key of the terminal, or a GPIO line. */
export type ButtonKind =
  | { readonly kind: "key" }
  | { readonly kind: "gpio"; readonly chip: string; readonly line: number };

/** `key`, `gpio:17` or `gpio:gpiochip1/4`; undefined for anything else. */
export function parseButton(text: string): ButtonKind | undefined {
  if (text === "key") return { kind: "key" };
  const [, chip = "gpiochip0", line] = /^gpio:(?:([\w-]{1,32})\/)?(\d{1,4})$/.exec(text) ?? [];
  return line === undefined ? undefined : { kind: "gpio", chip, line: Number(line) };
}

const ctrlC = "\u0003";

/**
 * Space or Enter: the first press begins a talk and the next ends it, since a terminal does not tell when a key is let go.
 * Other keys do nothing; Ctrl+C is passed on as SIGINT. The terminal is as it was when disposed.
 */
export function listenToKeys(events: ButtonEvents, stdin: NodeJS.ReadStream = process.stdin): Disposable {
  let pressed = false;
  const onKey = (bytes: Buffer) => {
    for (const key of bytes.toString("utf8")) {
      if (key === ctrlC) process.kill(process.pid, "SIGINT");
      if (key !== " " && key !== "\r" && key !== "\n") continue;
      pressed = !pressed;
      if (pressed) events.press();
      else events.release();
    }
  };
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on("data", onKey);
  stdin.once("end", () => events.onTrouble("the terminal is gone; the button works no more"));
  return {
    [Symbol.dispose]: () => {
      stdin.off("data", onKey);
      if (stdin.isTTY) stdin.setRawMode(false);
      stdin.pause();
    },
  };
}

/** How `gpiomon` of libgpiod 2 and 1 is called; both print 1 for a press and something else for its end. */
export function gpiomonArguments(button: { readonly chip: string; readonly line: number }, version: 1 | 2): string[] {
  const { chip, line } = button;
  const common = ["--bias=pull-up", "--active-low", "--format=%e"];
  if (version === 1) return [...common, "--line-buffered", chip, `${line}`];
  return [...common, "--debounce-period=10ms", "--chip", chip, `${line}`];
}

/**
 * A push button between a GPIO line and ground, by libgpiod's `gpiomon`. Throws FatalError `no-button` when that is not
 * installed.
 */
export function listenToGpio(
  button: { readonly chip: string; readonly line: number },
  events: ButtonEvents,
  program = "gpiomon",
): Disposable {
  const told = spawnSync(program, ["--version"], { encoding: "utf8" });
  if (told.error) throw new FatalError(`--button gpio needs ${program} (package gpiod)`, { code: "no-button" });
  const version = /v2\./.test(told.stdout) ? 2 : 1;
  const child = spawn(program, gpiomonArguments(button, version), { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said = `${said}${text}`.slice(-300);
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.trim() === "1") events.press();
    else events.release();
  });
  let ended = false;
  child.once("close", () => {
    if (!ended) events.onTrouble(`the button at ${button.chip}/${button.line} works no more: ${said.trim()}`);
  });
  return {
    [Symbol.dispose]: () => {
      ended = true;
      child.kill("SIGTERM");
    },
  };
}
