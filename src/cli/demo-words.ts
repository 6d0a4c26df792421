import { plainForm } from "../endpoints/machine/sound-form.ts";
import type { RunningHub } from "../main.ts";
import { pcmFormat } from "../media/format.ts";
import { createEspeakEngine } from "../media/say.ts";

const rateHz = plainForm.sampleRateHz;

/** What somebody in the make-believe house says: words where the machine can speak, a tone elsewhere. s16le, 16 kHz, mono. */
export async function demoWords(
  text: string,
  how: { readonly pitchHz: number; readonly running: RunningHub; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const { pitchHz, running, signal } = how;
  const engine = createEspeakEngine();
  if (!(await engine.available())) return tone(pitchHz);
  const file = await engine.say(text, { signal });
  await using sound = await running.converter.decodeFile(file, { output: pcmFormat(rateHz), gain: 1 });
  const blocks: Uint8Array[] = [];
  for await (const { data } of sound.frames) blocks.push(data);
  return Buffer.concat(blocks);
}

/** A second of a soft bell. */
export function tone(pitchHz: number): Uint8Array {
  const samples = Int16Array.from({ length: rateHz }, (_, i) => {
    const seconds = i / rateHz;
    return Math.round(8000 * Math.exp(-3 * seconds) * Math.sin(2 * Math.PI * pitchHz * seconds));
  });
  return new Uint8Array(samples.buffer);
}
