import { decodeG711, encodeG711, type G711Codec } from "../codecs/g711/index.ts";
import { applyGain } from "../codecs/pcm/index.ts";
import { AsyncQueue } from "../util/queue.ts";
import type { AudioConversion } from "./convert.ts";
import { type AudioFormat, pcmFormat } from "./format.ts";
import type { Frame } from "./frame.ts";
import { openPcmVoice } from "./pcm-voice.ts";

const rateHz = 8000;
/** What is not read is dropped after this many packets: 3 s of the usual ones. */
const maxPackets = 150;

/**
 * A talker's G.711 (8 kHz, one channel), louder or softer, as G.711, or as whatever {@link openPcmVoice} makes of its
 * samples, in this process and at once: a press needs no FFmpeg and no process to be started. Undefined for formats that
 * need more than that. The caller disposes it.
 */
export async function openG711Voice(
  input: AudioFormat,
  options: { readonly output: AudioFormat; readonly gain?: number },
): Promise<AudioConversion | undefined> {
  if (!isVoice(input)) return undefined;
  const { codec } = input;
  const { output } = options;
  if (isVoice(output)) return recoded(codec, { ...options, output });
  const voice = await openPcmVoice(pcmFormat(rateHz), options);
  if (!voice) return undefined;
  return {
    output,
    frames: voice.frames,
    push: (frame) => voice.push({ ...frame, data: decodeG711(codec, frame.data) }),
    end: () => voice.end(),
    get droppedFrames() {
      return voice.droppedFrames ?? 0;
    },
    [Symbol.asyncDispose]: () => voice[Symbol.asyncDispose](),
  };
}

type Voice = AudioFormat & { readonly codec: G711Codec };

function isVoice(format: AudioFormat): format is Voice {
  const { codec, sampleRateHz, channels } = format;
  return (codec === "pcmu" || codec === "pcma") && sampleRateHz === rateHz && channels === 1;
}

/** Packet by packet: nothing has to wait for the next one. */
function recoded(
  from: G711Codec,
  { output, gain = 1 }: { readonly output: Voice; readonly gain?: number },
): AudioConversion {
  let droppedFrames = 0;
  const frames = new AsyncQueue<Frame>({
    max: maxPackets,
    onDrop: () => {
      droppedFrames++;
    },
  });
  return {
    output,
    frames,
    push: (frame) => {
      frames.push({ ...frame, data: encodeG711(output.codec, applyGain(decodeG711(from, frame.data), gain)) });
    },
    end: () => frames.end(),
    get droppedFrames() {
      return droppedFrames;
    },
    [Symbol.asyncDispose]: async () => frames.cancel(),
  };
}
