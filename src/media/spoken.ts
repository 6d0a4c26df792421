import type { Converter } from "./convert.ts";
import type { SpeechEngine } from "./say.ts";
import type { RecordedSpeech } from "./speech.ts";

/** A text as speech for speakers; spoken again for each format that is asked of it. */
export function spokenText(
  text: string,
  options: { readonly engine: SpeechEngine; readonly converter: Converter; readonly voice?: string },
): RecordedSpeech {
  const { engine, converter, voice } = options;
  return {
    live: false,
    open: async (output, { gain, signal }) => {
      const source = await engine.say(text, { voice, signal });
      return converter.decodeFile(source, { output, gain, signal });
    },
  };
}
