import { z } from "zod";
import { FatalError } from "../util/errors.ts";
import type { CommandContext } from "./command.ts";

const hearingSchema = z.object({
  deviceId: z.string(),
  name: z.string().optional(),
  state: z.string(),
  reason: z.string().optional(),
  code: z.string().optional(),
});

/** One device of those that are meant, as the hub tells it. */
export type HearingLine = z.infer<typeof hearingSchema>;

const lineSchema = z.object({
  state: z.string(),
  hearing: z.array(hearingSchema).optional(),
  reason: z.string().optional(),
  holder: z.object({ name: z.string() }).optional(),
  position: z.number().optional(),
});

/**
 * Tells who hears it while it is said: one line that changes on a terminal, elsewhere a line for each change. Gives the exit
 * code: 0 when somebody heard it. Throws FatalError when it ended before it was said.
 */
export async function tellHearing(
  answer: AsyncIterable<string>,
  how: { readonly stdout: CommandContext["stdout"]; readonly json: boolean },
): Promise<number> {
  const { stdout, json } = how;
  let [told, heard] = ["", false];
  const show = (sentence: string) => {
    if (sentence === told) return;
    if (stdout.isTTY) stdout.write(`\r\x1b[K${sentence}`);
    else stdout.write(`${sentence}\n`);
    told = sentence;
  };
  try {
    for await (const text of answer) {
      const line = lineSchema.parse(JSON.parse(text));
      if (json) stdout.write(`${text}\n`);
      heard ||= line.hearing?.some(({ state }) => state === "playing") ?? false;
      if (line.state === "queued" && !json) show(sayWaiting(line));
      else if (line.hearing && !json) show(sayHearing(line.hearing));
      refuseUnfinished(line);
    }
  } finally {
    if (stdout.isTTY && told !== "") stdout.write("\n");
  }
  return heard ? 0 : 1;
}

/** "waits: Anna is speaking, number 2 in line". */
function sayWaiting({ holder, position = 1 }: z.infer<typeof lineSchema>): string {
  const because = holder ? `${holder.name} is speaking` : "others are speaking";
  return `waits: ${because}, ${position === 1 ? "next" : `number ${position}`} in line`;
}

/** "heard by 7 of 8: Yard is offline". */
export function sayHearing(hearing: readonly HearingLine[]): string {
  const heard = hearing.filter(({ state }) => state === "playing").length;
  const others = hearing.filter(({ state }) => state !== "playing").map(whyNot);
  return `heard by ${heard} of ${hearing.length}${others.length > 0 ? `: ${others.join(", ")}` : ""}`;
}

function whyNot({ deviceId, name = deviceId, state, code, reason }: HearingLine): string {
  if (state === "connecting") return `${name} is being called`;
  switch (code) {
    case "offline":
      return `${name} is offline`;
    case "no-speaker":
      return `${name} has no speaker`;
    case "do-not-disturb":
      return `${name} is not to be disturbed`;
    case "muted":
      return `${name} is muted`;
    default:
      return `${name} does not hear it (${reason ?? "it cannot be spoken through"})`;
  }
}

function refuseUnfinished({ state, reason, holder }: z.infer<typeof lineSchema>): void {
  if (state === "pre-empted") throw new FatalError(`stopped: ${holder?.name ?? "somebody"} took the floor`);
  if (state === "failed") throw new FatalError(`stopped: ${reason ?? "it failed"}`);
  if (state === "released" && reason === "cancelled") throw new FatalError("stopped before its end");
}
