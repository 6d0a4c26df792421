import type { AudioConversion, Converter } from "../../media/convert.ts";
import { type AudioFormat, pcmFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { systemClock } from "../../util/clock.ts";
import { FatalError } from "../../util/errors.ts";

/** Options of {@link openMicrophone}. */
export interface MicrophoneOptions {
  readonly converter: Converter;
  readonly output: AudioFormat;
  readonly gain: number;
  readonly signal: AbortSignal;
}

/** What is asked of the machine's sound card; every card and every sound server can do it. */
const captureFormat = pcmFormat(48_000, 2);

/**
 * This machine's default microphone, through FFmpeg's capture devices (ALSA on Linux, which leads to PipeWire or
 * PulseAudio where they run), as live frames in `output`'s format until `signal` aborts. Throws FatalError
 * `no-microphone` with a sentence for a person.
 */
export async function openMicrophone(options: MicrophoneOptions): Promise<AsyncIterable<Frame>> {
  const { converter, output, gain, signal } = options;
  const capture = await openCapture();
  const conversion = await converter.convertAudio(captureFormat, { output, gain });
  return captured(capture, { conversion, signal });
}

async function* captured(
  capture: Capture,
  options: { readonly conversion: AudioConversion; readonly signal: AbortSignal },
): AsyncGenerator<Frame, void, void> {
  await using conversion = options.conversion;
  await using _capture = capture;
  const pump = async () => {
    try {
      for await (const data of capture.packets) {
        if (options.signal.aborted) return;
        conversion.push({ data, timestampUs: systemClock.nowUs(), key: true });
      }
    } finally {
      conversion.end();
    }
  };
  const pumping = pump();
  pumping.catch(() => {});
  yield* conversion.frames;
  await pumping;
}

interface Capture extends AsyncDisposable {
  readonly packets: AsyncIterable<Uint8Array>;
}

async function openCapture(): Promise<Capture> {
  const { AV_LOG_QUIET, DeviceAPI, Log } = await import("node-av").catch((error: unknown) => {
    throw noMicrophone("the optional package node-av is not installed", error);
  });
  Log.setLevel(AV_LOG_QUIET);
  const { sampleRateHz: sampleRate, channels } = captureFormat;
  const input = await DeviceAPI.openMicrophone({ audioDevice: "default", sampleRate, channels }).catch(
    (error: unknown) => {
      throw noMicrophone("there is no recording device that its sound system calls the default", error);
    },
  );
  return { packets: packetsOf(input), [Symbol.asyncDispose]: () => input[Symbol.asyncDispose]() };
}

async function* packetsOf(input: {
  packets(): AsyncIterable<{ readonly data: Uint8Array | null; free(): void } | null>;
}) {
  for await (const packet of input.packets()) {
    if (!packet?.data) continue;
    yield Uint8Array.from(packet.data);
    packet.free();
  }
}

function noMicrophone(why: string, cause: unknown): FatalError {
  return new FatalError(`no microphone can be opened on this machine: ${why}`, { code: "no-microphone", cause });
}
