import type { Hub } from "../../../hub/hub.ts";
import { fetchSound } from "../../../media/say-url.ts";
import type { RecordedSpeech } from "../../../media/speech.ts";
import { DoorwardError, isAbort } from "../../../util/errors.ts";
import { wholeSentence } from "../../../util/sentence.ts";
import { Problem } from "../../problem.ts";
import { soundOf } from "./uploaded-sound.ts";

/**
 * The sound at an http(s) address of a host that an administrator lists, fetched whole before anybody's speaker is held for it.
 * Throws Problem 422 with a sentence that says what is wrong with it, and the signal's reason.
 */
export async function soundAt(
  url: string,
  how: { readonly hub: Pick<Hub, "sayHosts" | "clock" | "converter" | "log">; readonly signal: AbortSignal },
): Promise<RecordedSpeech> {
  const { hub, signal } = how;
  try {
    const isListed = (one: URL) => hub.sayHosts.allows(one);
    return soundOf(await fetchSound(url, { isListed, clock: hub.clock, signal }), hub.converter);
  } catch (error) {
    if (!(error instanceof DoorwardError) || isAbort(error)) throw error;
    hub.log.warn({ err: error, code: error.code }, "nothing was said: no sound was found");
    throw new Problem(422, { code: error.code, detail: sentenceOf(error), fields: nameOf(error), cause: error });
  }
}

function sentenceOf({ code, message }: DoorwardError): string {
  const sentence = wholeSentence(message);
  if (code === "refused-address")
    return "This name leads to the hub's own machine or the like, where nothing is fetched from unless that address itself is listed.";
  if (code !== "host-not-listed") return sentence;
  return `${sentence} An administrator adds it on the page under Settings, Sounds, or by POST /api/v1/say/hosts.`;
}

function nameOf({ fields }: DoorwardError): { readonly name?: string } {
  const { name } = fields;
  return typeof name === "string" ? { name } : {};
}
