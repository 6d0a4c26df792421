import { createOpusDecoder } from "../../../codecs/opus/index.ts";
import { rmsLevel } from "../../../codecs/pcm/index.ts";
import type { Frame } from "../../../media/frame.ts";
import type { Speech } from "../../../media/speech.ts";
import { codec } from "../../../protocols/room/constants.ts";
import { WireError } from "../../../util/errors.ts";
import { LevelGate } from "./level-gate.ts";

/** Options of {@link gatedSpeech}. */
export interface GatedSpeechOptions {
  /** True while the listener speaks: what the others say meanwhile is not sent. */
  readonly held: () => boolean;
  /** Somebody is heard there. */
  readonly onSound: () => void;
}

const frameMs = codec.frameMs.value;
const format = { sampleRateHz: codec.sampleRateHz.value, channels: 1 } as const;
/** Sound before the first loud block that belongs to the word: 100 ms. */
const maxBefore = 5;

/**
 * The sound of a call for a listener that hears or speaks, never both: only while somebody speaks, so that its floor is free
 * in between, and nothing while the listener does. A beginning of a word is kept.
 */
export function gatedSpeech(speech: Speech, options: GatedSpeechOptions): Speech {
  return { ...speech, frames: gated(speech, options) };
}

async function* gated({ frames, format: own }: Speech, { held, onSound }: GatedSpeechOptions): AsyncGenerator<Frame> {
  const gate = new LevelGate();
  using decoder = own.codec === "opus" ? await createOpusDecoder(format) : undefined;
  let before: Frame[] = [];
  for await (const frame of frames) {
    const speaks = gate.next(levelOf(frame, decoder), (frame.durationUs ?? frameMs * 1000) / 1000);
    if (held()) {
      gate.close();
      before = [];
      continue;
    }
    before.push(frame);
    if (!speaks) {
      if (before.length > maxBefore) before.shift();
      continue;
    }
    onSound();
    yield* before.splice(0);
  }
}

/** How loud a frame is; what cannot be decoded is silence. */
function levelOf({ data }: Frame, decoder: { decode(opus: Uint8Array): Uint8Array } | undefined): number {
  if (!decoder) return rmsLevel(data);
  try {
    return rmsLevel(decoder.decode(data));
  } catch (error) {
    if (error instanceof WireError) return 0;
    throw error;
  }
}
