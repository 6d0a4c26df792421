import type { PaceReport } from "../../media/pacer.ts";
import type { Clock } from "../../util/clock.ts";
import { DoorwardError, messageOf } from "../../util/errors.ts";
import type { CommandContext } from "../command.ts";

/** What `doorward talk` tells; one JSON object per line with `--json`. */
export type TalkEvent =
  | { readonly event: "opened"; readonly camera: string; readonly profile: string; readonly roundTripMs: number }
  | { readonly event: "lost"; readonly camera: string; readonly message: string }
  | { readonly event: "failed"; readonly camera: string; readonly code: string; readonly message: string }
  | { readonly event: "played"; readonly camera: string; readonly confirmed: boolean; readonly underruns: number }
  | { readonly event: "waiting" };

/** Shows how talking goes: words for people, or JSON lines. */
export interface TalkDisplay extends Disposable {
  tell(event: TalkEvent): void;
  progress(camera: string, report: PaceReport): void;
}

/** Options of {@link createDisplay}. */
export interface DisplayOptions extends Pick<CommandContext, "stdout" | "stderr"> {
  readonly clock: Clock;
  readonly json: boolean;
  readonly durationUs: number | undefined;
}

const ttyEveryUs = 200_000;
const lineEveryUs = 5_000_000;
const jsonEveryUs = 1_000_000;

/** People read standard output; what failed goes to standard error. On a terminal the progress is one line that stays. */
export function createDisplay(options: DisplayOptions): TalkDisplay {
  return options.json ? jsonDisplay(options) : textDisplay(options);
}

function jsonDisplay({ stdout, clock }: DisplayOptions): TalkDisplay {
  const due = rateLimit(clock, jsonEveryUs);
  const write = (value: object) => stdout.write(`${JSON.stringify(value)}\n`);
  return {
    tell: write,
    progress: (camera, { leadMs, sentMs, underruns }) => {
      if (!due(camera)) return;
      write({ event: "progress", camera, sentMs: Math.round(sentMs), leadMs: Math.round(leadMs), underruns });
    },
    [Symbol.dispose]: () => {},
  };
}

function textDisplay({ stdout, stderr, clock, durationUs }: DisplayOptions): TalkDisplay {
  const tty = stdout.isTTY === true;
  const due = rateLimit(clock, tty ? ttyEveryUs : lineEveryUs);
  const states = new Map<string, PaceReport>();
  const end = tty ? "\r\u001b[2K" : "";
  return {
    tell: (event) => {
      const bad = event.event === "failed" || event.event === "lost";
      if (event.event === "failed") states.delete(event.camera);
      (bad ? stderr : stdout).write(`${end}${sentence(event)}\n`);
    },
    progress: (camera, report) => {
      states.set(camera, report);
      if (!due("")) return;
      const line = progressLine(states, { durationUs, columns: stdout.columns ?? 80 });
      stdout.write(tty ? `${end}${line}` : `${line}\n`);
    },
    [Symbol.dispose]: () => void stdout.write(end),
  };
}

/** One line that fits: each camera's lead, or the least and the most when there are too many for that. */
function progressLine(
  states: ReadonlyMap<string, PaceReport>,
  options: { readonly durationUs: number | undefined; readonly columns: number },
): string {
  const { durationUs, columns } = options;
  const playedMs = Math.max(0, ...[...states.values()].map(({ sentMs, leadMs }) => sentMs - leadMs));
  const time = `${minutes(playedMs)}${durationUs === undefined ? "" : ` / ${minutes(durationUs / 1000)}`}`;
  const each = [...states].map(([camera, { leadMs }]) => `${camera} lead ${seconds(leadMs)} s`);
  const line = [time, ...each].join("  ");
  if (line.length < columns) return line;
  const leads = [...states.values()].map(({ leadMs }) => leadMs);
  const range = `${seconds(Math.min(...leads))} to ${seconds(Math.max(...leads))} s`;
  return `${time}  ${states.size} cameras lead ${range}`.slice(0, columns - 1);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

function sentence(event: TalkEvent): string {
  switch (event.event) {
    case "opened":
      return `${event.camera}: speaking (${event.profile})`;
    case "lost":
      return `${event.camera}: ${event.message}; trying again`;
    case "failed":
      return `${event.camera}: ${event.message}`;
    case "played":
      return `${event.camera}: played${event.confirmed ? "" : "; the camera did not confirm that its speaker is closed"}`;
    case "waiting":
      return "done; Ctrl+C leaves (--auto-exit leaves by itself)";
  }
}

function minutes(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** True at most once per `everyUs` for each key. */
function rateLimit(clock: Clock, everyUs: number): (key: string) => boolean {
  const last = new Map<string, number>();
  return (key) => {
    const nowUs = clock.nowUs();
    if (nowUs - (last.get(key) ?? Number.NEGATIVE_INFINITY) < everyUs) return false;
    last.set(key, nowUs);
    return true;
  };
}

/** The event for a camera that failed for good. */
export function failure(camera: string, error: unknown): TalkEvent {
  return {
    event: "failed",
    camera,
    code: error instanceof DoorwardError ? error.code : "error",
    message: messageOf(error),
  };
}
