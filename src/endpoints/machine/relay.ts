import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { Clock } from "../../util/clock.ts";
import { FatalError } from "../../util/errors.ts";

/** A GPIO line that switches something: a door opener. */
export interface RelayLine {
  readonly chip: string;
  readonly line: number;
}

/** `gpio:27` or `gpio:gpiochip1/4`; undefined for anything else. */
export function parseRelay(text: string): RelayLine | undefined {
  const [, chip = "gpiochip0", line] = /^gpio:(?:([\w-]{1,32})\/)?(\d{1,4})$/.exec(text) ?? [];
  return line === undefined ? undefined : { chip, line: Number(line) };
}

/** How `gpioset` of libgpiod 2 and 1 is called to switch a line on for so long. */
export function gpiosetArguments({ chip, line }: RelayLine, how: { readonly version: 1 | 2; readonly forMs: number }) {
  const { version, forMs } = how;
  const on = `${line}=1`;
  if (version === 2) return ["--chip", chip, "--toggle", `${forMs}ms,0`, on];
  const time = [`--sec=${Math.floor(forMs / 1000)}`, `--usec=${(forMs % 1000) * 1000}`];
  return ["--mode=time", ...time, chip, on];
}

/** A line that cannot be had is refused at once; what holds for so long is switched. */
const refusedWithinMs = 150;

/**
 * Switches a line on for a while, by libgpiod's `gpioset`; resolves when it is on. Throws FatalError `no-relay` with what
 * failed.
 */
export async function pulseRelay(
  line: RelayLine,
  how: { readonly forMs: number; readonly clock: Clock; readonly program?: string },
): Promise<void> {
  const { forMs, clock, program = "gpioset" } = how;
  const told = spawnSync(program, ["--version"], { encoding: "utf8" });
  if (told.error) throw noRelay(`${program} is missing (package gpiod)`);
  const version = /v2\./.test(told.stdout) ? 2 : 1;
  const child = spawn(program, gpiosetArguments(line, { version, forMs }), { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said = `${said}${text}`.slice(-300);
  });
  const ended = once(child, "close").then(([code]) => code as number | null);
  const code = await Promise.race([ended, clock.sleep(refusedWithinMs).then(() => 0)]);
  if (code !== 0) throw noRelay(`${line.chip}/${line.line} was not switched: ${said.trim()}`);
}

function noRelay(message: string): FatalError {
  return new FatalError(message, { code: "no-relay" });
}
