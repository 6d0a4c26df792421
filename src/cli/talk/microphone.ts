import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { AudioConversion, Converter } from "../../media/convert.ts";
import { type AudioFormat, pcmFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { Reblocker } from "../../media/reblock.ts";
import { FatalError } from "../../util/errors.ts";

/** Options of {@link openMicrophone}. */
export interface MicrophoneOptions {
  readonly converter: Converter;
  readonly output: AudioFormat;
  readonly gain: number;
  readonly signal: AbortSignal;
}

/** What is asked of the sound system; every card and every sound server can do it. */
const captureFormat = pcmFormat(48_000, 2);
const captureBlockUs = 20_000;
const captureBlockBytes = 3840;

/**
 * This machine's default microphone as live frames in `output`'s format until `signal` aborts. Throws FatalError
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
      for await (const frame of capturedFrames(capture.packets)) {
        if (options.signal.aborted) return;
        conversion.push(frame);
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

/**
 * Raw sound as frames of 20 ms. Their time counts samples: recorders deliver in bursts, and a clock that followed these
 * would bend the pitch. The pacer sees how far the sound card's clock is off, and leaves out quiet blocks.
 */
export async function* capturedFrames(packets: AsyncIterable<Uint8Array>): AsyncGenerator<Frame, void, void> {
  const reblocker = new Reblocker(captureBlockBytes);
  let timestampUs = 0;
  for await (const data of packets) {
    for (const block of reblocker.push(data)) {
      yield { data: block, timestampUs, key: true, durationUs: captureBlockUs };
      timestampUs += captureBlockUs;
    }
  }
}

/** Raw sound from a microphone, in {@link captureFormat}. */
interface Capture extends AsyncDisposable {
  readonly packets: AsyncIterable<Uint8Array>;
}

/** Recorders that come with Linux desktops; they know the sound server, which FFmpeg's own ALSA library does not. */
const recorders: readonly (readonly [program: string, ...args: string[]])[] = [
  ["parec", "--raw", "--format=s16le", "--rate=48000", "--channels=2", "--latency-msec=20"],
  ["arecord", "-q", "-t", "raw", "-f", "S16_LE", "-r", "48000", "-c", "2", "--period-time=20000"],
];

async function openCapture(): Promise<Capture> {
  for (const [program, ...args] of recorders) {
    const capture = await record(program, args);
    if (capture) return capture;
  }
  return await openDevice();
}

/** A recorder that gives sound; undefined when it is not installed or has nothing to record from. */
async function record(program: string, args: readonly string[]): Promise<Capture | undefined> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  const packets = (child.stdout as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  try {
    await once(child, "spawn");
  } catch {
    return undefined; // it is not installed
  }
  const first = await packets.next();
  if (first.done) return undefined;
  return { packets: recorded(first.value, packets), [Symbol.asyncDispose]: () => end(child) };
}

async function* recorded(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  yield first;
  for (let step = await rest.next(); !step.done; step = await rest.next()) yield step.value;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** FFmpeg's capture devices: ALSA on Linux, AVFoundation on macOS, DirectShow on Windows. */
async function openDevice(): Promise<Capture> {
  const { AV_LOG_QUIET, DeviceAPI, Log } = await import("node-av").catch((error: unknown) => {
    throw noMicrophone("the optional package node-av is not installed", error);
  });
  Log.setLevel(AV_LOG_QUIET);
  const { sampleRateHz: sampleRate, channels } = captureFormat;
  const input = await DeviceAPI.openMicrophone({ sampleRate, channels }).catch((error: unknown) => {
    throw noMicrophone("nothing to record from was found", error);
  });
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
