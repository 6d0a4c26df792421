import type { RunningRoomStation } from "../../endpoints/room-station/index.ts";
import type { StationArguments } from "./arguments.ts";

/** Options of {@link scriptOf}. */
export interface ScriptOptions {
  readonly station: () => RunningRoomStation | undefined;
  readonly tell: (text: string) => void;
  readonly end: () => void;
}

/** Does what the command line asks for at its time: call, answer, hang up, talk, let go, end. Called each 20 ms with the ms since the start. */
export function scriptOf(
  args: Pick<StationArguments, "talkAtMs" | "talkForMs" | "callAtMs" | "answerAfterMs" | "hangUpAtMs" | "runForMs">,
  options: ScriptOptions,
): (sinceMs: number) => void {
  const { station, tell, end } = options;
  const steps: { readonly atMs: number; readonly run: (own: RunningRoomStation) => void }[] = [];
  if (args.callAtMs !== undefined) {
    steps.push({
      atMs: args.callAtMs,
      run: (own) => {
        if (!own.call(own.settings.target)) tell(`no call: ${own.settings.target} is not there`);
      },
    });
  }
  if (args.talkAtMs !== undefined) {
    const press = (own: RunningRoomStation) => {
      const result = own.press();
      if (result !== "talks") tell(`no talk to ${own.settings.target}: ${result}`);
    };
    steps.push({ atMs: args.talkAtMs, run: press });
    steps.push({ atMs: args.talkAtMs + args.talkForMs, run: (own) => own.release() });
  }
  if (args.hangUpAtMs !== undefined) steps.push({ atMs: args.hangUpAtMs, run: (own) => own.hangUp() });
  if (args.runForMs !== undefined) steps.push({ atMs: args.runForMs, run: end });
  steps.sort((one, other) => one.atMs - other.atMs);
  let rangMs: number | undefined;
  let answered = false;
  return (sinceMs) => {
    const own = station();
    if (own?.callNews.state !== "ringing") [rangMs, answered] = [undefined, false];
    else rangMs ??= sinceMs;
    const { answerAfterMs } = args;
    if (answerAfterMs !== undefined && rangMs !== undefined && !answered && sinceMs - rangMs >= answerAfterMs) {
      answered = true;
      own?.press();
    }
    while (own && steps[0] && steps[0].atMs <= sinceMs) steps.shift()?.run(own);
  };
}
