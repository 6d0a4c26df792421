import type { Clock } from "../util/clock.ts";
import { FatalError } from "../util/errors.ts";
import type { Converter, FileSource } from "./convert.ts";
import { pcmFormat } from "./format.ts";

/** Time in which it has to be known. */
const lookMs = 20_000;

/**
 * How long a sound file lasts, in seconds: as its container says once something was decoded of it, else by decoding all. Throws
 * FatalError `not-audio` for what is no sound, or gives none in 20 s.
 */
export async function soundSeconds(
  source: FileSource,
  { converter, clock }: { readonly converter: Pick<Converter, "decodeFile">; readonly clock: Clock },
): Promise<number> {
  const late = new AbortController();
  using _limit = clock.timer(lookMs, () => late.abort());
  let lengthUs = 0;
  try {
    await using decoded = await converter.decodeFile(source, { output: pcmFormat(8000), signal: late.signal });
    for await (const { durationUs = 0 } of decoded.frames) {
      lengthUs += durationUs;
      if (decoded.durationUs !== undefined && decoded.durationUs > 0) {
        lengthUs = decoded.durationUs;
        break;
      }
    }
  } catch (error) {
    if (!late.signal.aborted) throw error;
    throw new FatalError(`no sound was found in it within ${lookMs / 1000} s`, { code: "not-audio", cause: error });
  }
  if (lengthUs === 0) throw new FatalError("there is no sound in it", { code: "not-audio" });
  return Math.round(lengthUs / 10_000) / 100;
}
