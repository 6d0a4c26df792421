import type { Clock } from "../../util/clock.ts";
import type { Microphone } from "./ports.ts";
import { frameLength, type SoundForm } from "./sound-form.ts";
import { every20Ms } from "./ticker.ts";

const pitchHz = 440;
const amplitude = 0.2;

/** A tone without end, in place of a microphone: by it one hears that the way of the sound works. */
export function toneMicrophone(clock: Clock, form: SoundForm): Microphone {
  const { sampleRateHz, channels } = form;
  let at = 0;
  const next = () => {
    const frame = new Int16Array(frameLength(form));
    for (let i = 0; i < frame.length; i++) {
      const seconds = (at + Math.floor(i / channels)) / sampleRateHz;
      frame[i] = Math.round(32_767 * amplitude * Math.sin(2 * Math.PI * pitchHz * seconds));
    }
    at = (at + frame.length / channels) % sampleRateHz; // a whole number of waves
    return frame;
  };
  return {
    capture: (give) => every20Ms(clock, () => give(next())),
    begin: () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}
