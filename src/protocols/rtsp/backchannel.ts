import type { AudioFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { LivePacer } from "../../media/live-pacer.ts";
import { pace } from "../../media/pace.ts";
import { RecordingPacer } from "../../media/recording-pacer.ts";
import type { Clock } from "../../util/clock.ts";
import { FatalError, RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { formatFromPayload, type PayloadMapping } from "../sdp/index.ts";
import { parseRtspAddress, resolveControl } from "./address.ts";
import { chooseMedia } from "./choose.ts";
import { backchannelTag, type RtspChannel, RtspClient, type RtspProtocol } from "./client.ts";
import { quietTest } from "./quiet.ts";
import { inPackets, SpeechSender } from "./speech-sender.ts";

/** Options of {@link openBackchannel}. */
export interface BackchannelOptions {
  /** `rtsp://` or `rtsps://` */
  readonly address: string;
  readonly username?: string;
  readonly password?: string;
  readonly protocols: readonly RtspProtocol[];
  readonly tlsFingerprint?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** One turn of speech for {@link Backchannel.speak}. */
export interface BackchannelSpeech {
  readonly format: AudioFormat;
  readonly live: boolean;
  readonly frames: AsyncIterable<Frame>;
  readonly signal: AbortSignal;
}

/** Sound that the device still holds in its own buffer when the last packet was sent. */
const deviceBufferMs = 300;
/** A recording is sent this much ahead: devices size their buffers for live sound. */
const recordingLead = { burstMs: 60, speed: 1.05, maxLeadMs: 100 };

/**
 * What a back channel's payload types let it play, best first: sound that passes as it is and wide-band before what has to
 * be coded or is narrow.
 */
export function speakerFormats(payloads: readonly PayloadMapping[]): AudioFormat[] {
  const formats = payloads.map((payload) => formatFromPayload(payload)).filter((format) => format?.kind === "audio");
  return formats.toSorted((a, b) => rank(a) - rank(b));
}

function rank(format: AudioFormat): number {
  const narrow = format.sampleRateHz < 16_000 ? 10 : 0;
  return narrow + ["opus", "pcm_s16le", "g722", "aac", "pcma", "pcmu"].indexOf(format.codec);
}

/**
 * Opens a device's ONVIF back channel (ONVIF Streaming Specification, 5.3) on a connection of its own, so that the picture
 * goes on untouched and the device's speaker is free again as soon as it is disposed. Throws RecoverableError, FatalError
 * `no-speaker`, AbortError.
 */
export async function openBackchannel(options: BackchannelOptions): Promise<Backchannel> {
  const address = parseRtspAddress(options.address, options);
  const client = await RtspClient.open({ ...options, address });
  try {
    const description = await client.describe({ require: backchannelTag });
    const { backchannel } = chooseMedia(description.sdp, { backchannel: true, peer: address.name });
    if (!backchannel) throw new FatalError(`${address.name} no longer offers its speaker`, { code: "no-speaker" });
    const uri = resolveControl(backchannel.section.control, description.base);
    const channel = await setUp(client, { uri, protocols: address.tls ? ["tcp"] : options.protocols });
    await start(client);
    return new Backchannel({ client, channel, payloads: backchannel.payloads, clock: options.clock });
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

async function setUp(
  client: RtspClient,
  options: { readonly uri: string; readonly protocols: readonly RtspProtocol[] },
): Promise<RtspChannel> {
  for (const [index, protocol] of options.protocols.entries()) {
    try {
      const nothing = { onRtp: () => {}, onRtcp: () => {} };
      return await client.setup(options.uri, { ...nothing, protocol, require: backchannelTag, outgoing: true });
    } catch (error) {
      const refused = error instanceof RecoverableError && error.code === "transport-refused";
      if (!refused || index === options.protocols.length - 1) throw error;
    }
  }
  throw new RecoverableError("no transport is left to try", { code: "transport-refused" });
}

/** Some firmware wants RECORD where the specification says PLAY (thingino-firmware issue 1365). */
async function start(client: RtspClient): Promise<void> {
  try {
    await client.start("PLAY");
  } catch (error) {
    const status = error instanceof RecoverableError ? error.fields["status"] : undefined;
    if (typeof status !== "number" || ![400, 405, 455, 501].includes(status)) throw error;
    await client.start("RECORD");
  }
}

/** A back channel that is open. Its owner disposes it, which gives the device's speaker back. */
export class Backchannel implements AsyncDisposable {
  readonly #gone = new AbortController();
  readonly #client: RtspClient;
  readonly #sender: SpeechSender;
  readonly #payloads: readonly PayloadMapping[];
  readonly #clock: Clock;

  constructor(made: {
    readonly client: RtspClient;
    readonly channel: RtspChannel;
    readonly payloads: readonly PayloadMapping[];
    readonly clock: Clock;
  }) {
    this.#client = made.client;
    this.#sender = new SpeechSender(made.channel, made);
    this.#payloads = made.payloads;
    this.#clock = made.clock;
    made.client.lost.then((error) => this.#gone.abort(error));
  }

  /** Aborts when the device ended it. */
  get lost(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * Sends one turn in packets of 20 ms and returns when it was heard. Live sound goes out as it comes, a recording in real
   * time. Throws RecoverableError when the device is lost, and what aborted `speech.signal`.
   */
  async speak(speech: BackchannelSpeech): Promise<void> {
    const clock = this.#clock;
    this.#sender.begin(speech.format, this.#payloadFor(speech.format));
    const pacer = speech.live ? new LivePacer() : new RecordingPacer(recordingLead);
    const signal = AbortSignal.any([speech.signal, this.#gone.signal]);
    const sink = { write: (data: Uint8Array) => void this.#sender.send(data) };
    try {
      const isQuiet = quietTest(speech.format);
      const { leadMs } = await pace(inPackets(speech.frames, speech.format), { clock, pacer, sink, isQuiet, signal });
      await clock.sleep(Math.max(0, leadMs) + deviceBufferMs, signal);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  #payloadFor(format: AudioFormat): PayloadMapping {
    const payload = this.#payloads.find((candidate) => isSame(formatFromPayload(candidate), format));
    if (payload) return payload;
    throw new FatalError(`the camera's speaker takes no ${format.codec} of ${format.sampleRateHz} Hz`, {
      code: "unsupported-codec",
    });
  }
}

function isSame(format: ReturnType<typeof formatFromPayload>, wanted: AudioFormat): boolean {
  return (
    format?.kind === "audio" &&
    format.codec === wanted.codec &&
    format.sampleRateHz === wanted.sampleRateHz &&
    format.channels === wanted.channels
  );
}
