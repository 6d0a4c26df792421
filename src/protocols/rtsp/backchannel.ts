import type { AudioFormat } from "../../media/format.ts";
import { LivePacer } from "../../media/live-pacer.ts";
import { pace } from "../../media/pace.ts";
import { RecordingPacer } from "../../media/recording-pacer.ts";
import type { Speech } from "../../media/speech.ts";
import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import { FatalError, RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { MediaSection, SessionDescription } from "../sdp/index.ts";
import { parseRtspAddress, resolveControl } from "./address.ts";
import {
  type SpeakerChoice,
  type SpeakerDescriptions,
  type SpeakerWishes,
  speakerChoices,
  speakerSections,
} from "./choose-speaker.ts";
import { backchannelTag, RtspClient, type RtspDescription, type RtspProtocol, type RtspStream } from "./client.ts";
import { inPackets } from "./packets.ts";
import { quietTest } from "./quiet.ts";
import { SpeechSender } from "./speech-sender.ts";

/** How a device with a back channel is reached. */
export interface BackchannelPeer {
  /** `rtsp://` or `rtsps://` */
  readonly address: string;
  readonly username?: string;
  readonly password?: string;
  readonly tlsFingerprint?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Request that starts a device's speaker. */
export type StartMethod = "PLAY" | "RECORD";

/** How a back channel opened, to begin with it the next time. */
export interface BackchannelOpened {
  readonly protocol: RtspProtocol;
  readonly start: StartMethod;
  /** The picture was set up beside the speaker. */
  readonly withPicture: boolean;
}

/** Options of {@link openBackchannel}. */
export interface BackchannelOptions extends BackchannelPeer {
  readonly protocols: readonly RtspProtocol[];
  /** What is to be spoken through. */
  readonly choice: SpeakerChoice;
  readonly wishes?: SpeakerWishes;
  /** How the device described itself to who did not ask for its speaker. */
  readonly plain?: SessionDescription;
  /** Set the picture up in the same session and throw it away: what some devices need to play the speaker at all. */
  readonly withPicture?: boolean;
  /** What started it the last time; PLAY by default. */
  readonly start?: StartMethod;
  readonly onOpened?: (how: BackchannelOpened) => void;
}

/** Sound that the device still holds in its own buffer when the last packet was sent. */
const deviceBufferMs = 300;
/** A device that takes nothing for so long will not take the rest either. */
const stuckMs = 2000;
/** How long a device that names no port for its speaker has to show one by sending from it. */
const showPortMs = 1000;
/** This many datagrams sent back in a row mean that nobody listens. */
const maxRefusals = 10;
/** At most so many other media are set up beside the speaker. */
const maxOthers = 4;

/**
 * Asks a device how it describes itself with the ONVIF back channel (ONVIF Streaming Specification, 5.3) and without, unless
 * `plain` tells that. Each question has a connection of its own that ends at once: some devices keep their bell from the
 * speaker while a connection that asked lives, and GStreamer's server answers all questions of one connection alike.
 * Undefined when the device minds being asked. Throws RecoverableError, FatalError, AbortError when it answers nothing.
 */
export async function askSpeakers(
  peer: BackchannelPeer,
  plain?: SessionDescription,
): Promise<SpeakerDescriptions | undefined> {
  const without = plain ?? (await describeOnce(peer));
  try {
    return { asked: await describeOnce(peer, backchannelTag), plain: without };
  } catch (error) {
    peer.signal.throwIfAborted();
    if (!(error instanceof RecoverableError || error instanceof FatalError)) throw error;
    if (error.code !== "refused") await describeOnce(peer); // one that is gone does not mind: it answers nobody
    peer.log.debug({ code: error.code }, "asked for its speaker the device refuses");
    return undefined;
  }
}

async function describeOnce(peer: BackchannelPeer, require?: string): Promise<SessionDescription> {
  const address = parseRtspAddress(peer.address, peer);
  await using client = await RtspClient.open({ ...peer, address });
  return (await client.describe({ require })).sdp;
}

/**
 * Opens a device's ONVIF back channel on a connection of its own, so that the picture goes on untouched and the device's
 * speaker is free again as soon as it is disposed. Throws RecoverableError (with the `method` that was refused among its
 * fields), FatalError `no-speaker`, AbortError.
 */
export async function openBackchannel(options: BackchannelOptions): Promise<Backchannel> {
  const address = parseRtspAddress(options.address, options);
  const client = await RtspClient.open({ ...options, address });
  try {
    const description = await client.describe({ require: backchannelTag });
    const choices = choicesAgain(description.sdp, options);
    const [choice] = choices;
    if (!choice) throw new FatalError(`${address.name} no longer offers its speaker`, { code: "no-speaker" });
    const uri = resolveControl(choice.section.control, description.base);
    const stream = await client.setupFirst(uri, {
      ...discard,
      protocols: address.tls ? ["tcp"] : options.protocols,
      require: backchannelTag,
      outgoing: true,
    });
    // GStreamer's ONVIF server starts a session whose live picture goes nowhere only most of the times (1.22.0).
    const withPicture = options.withPicture || /gstreamer/i.test(client.server ?? "");
    if (withPicture) await setUpOthers(client, { ...options, description, protocol: stream.protocol });
    const started = await start(client, options.start);
    await untilReachable(stream, { ...options, peer: address.name });
    options.onOpened?.({ protocol: stream.protocol, start: started, withPicture });
    return new Backchannel({ client, stream, choices, clock: options.clock, peer: address.name });
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

/** What the section of the choice takes by a new description, the choice first; nothing if there is none of its format. */
function choicesAgain(asked: SessionDescription, options: BackchannelOptions): readonly SpeakerChoice[] {
  const { choice, plain, wishes } = options;
  const all = speakerChoices({ asked, plain }, wishes);
  const same = all.filter(({ format }) => isSame(format, choice.format));
  const found = same.find(({ section }) => section.control === choice.section.control) ?? same[0];
  return found ? [found, ...all.filter((other) => other !== found && other.section === found.section)] : [];
}

const discard = { onRtp: () => {}, onRtcp: () => {} };

/** Sets up what else the session has; what comes of it is thrown away. */
async function setUpOthers(
  client: RtspClient,
  options: BackchannelOptions & { readonly description: RtspDescription; readonly protocol: RtspProtocol },
): Promise<void> {
  const { description, protocol, plain, log } = options;
  const speakers = new Set<MediaSection>(speakerSections({ asked: description.sdp, plain }));
  const others = description.sdp.media.filter(
    (section) => (section.kind === "video" || section.kind === "audio") && !speakers.has(section),
  );
  for (const { control } of others.slice(0, maxOthers)) {
    try {
      await client.setup(resolveControl(control, description.base), { ...discard, protocol });
    } catch (error) {
      if (!(error instanceof RecoverableError) || error.code === "connection-lost") throw error;
      log.debug({ code: error.code }, "the picture cannot be set up beside the speaker");
    }
  }
}

/** Waits until it is known where datagrams go: a device that names no port may send from the one at which it listens. */
async function untilReachable(
  stream: RtspStream,
  options: { readonly clock: Clock; readonly signal: AbortSignal; readonly peer: string },
): Promise<void> {
  const { clock, signal, peer } = options;
  for (let waitedMs = 0; !stream.reachable; waitedMs += 50) {
    if (waitedMs >= showPortMs) {
      throw new RecoverableError(
        `${peer} does not say at which port its speaker listens: sound cannot be sent to it by UDP`,
        { code: "no-speaker-port" },
      );
    }
    await clock.sleep(50, signal);
  }
}

/** Some firmware wants RECORD where the specification says PLAY (thingino-firmware issue 1365). */
async function start(client: RtspClient, first: StartMethod = "PLAY"): Promise<StartMethod> {
  try {
    await client.start(first);
    return first;
  } catch (error) {
    const status = error instanceof RecoverableError ? error.fields["status"] : undefined;
    if (typeof status !== "number" || ![400, 405, 455, 501].includes(status)) throw error;
    const other = first === "PLAY" ? "RECORD" : "PLAY";
    await client.start(other);
    return other;
  }
}

/** A back channel that is open. Its owner disposes it, which gives the device's speaker back. */
export class Backchannel implements AsyncDisposable {
  readonly #choices: readonly SpeakerChoice[];
  readonly #gone = new AbortController();
  readonly #client: RtspClient;
  readonly #stream: RtspStream;
  readonly #sender: SpeechSender;
  readonly #clock: Clock;
  readonly #peer: string;

  constructor(made: {
    readonly client: RtspClient;
    readonly stream: RtspStream;
    readonly choices: readonly SpeakerChoice[];
    readonly clock: Clock;
    readonly peer: string;
  }) {
    this.#choices = made.choices;
    this.#client = made.client;
    this.#stream = made.stream;
    this.#sender = new SpeechSender(made.stream, made);
    this.#clock = made.clock;
    this.#peer = made.peer;
    background(
      made.client.lost.then((error) => this.#gone.abort(error)),
      (error) => this.#gone.abort(error),
    );
  }

  /** Aborts when the device ended it. */
  get lost(): AbortSignal {
    return this.#gone.signal;
  }

  /** Asks the device for a sign of life; without one the channel is lost. */
  async isAlive(): Promise<boolean> {
    if (await this.#client.answers()) return true;
    const sentence = `${this.#peer} answers no more while somebody speaks`;
    this.#gone.abort(new RecoverableError(sentence, { code: "connection-lost" }));
    return false;
  }

  /**
   * Sends one turn in packets of the length that the device wants and returns when it was heard. Live sound goes out as it
   * comes, a recording in real time. Throws RecoverableError when the device is lost or takes no sound, and what aborted
   * `speech.signal`.
   */
  async speak(speech: Speech): Promise<void> {
    const clock = this.#clock;
    const { packetMs, payload } = this.#choiceFor(speech.format);
    this.#sender.begin(speech.format, payload);
    const pacer = speech.live ? livePacer(packetMs) : recordingPacer(packetMs);
    const signal = AbortSignal.any([speech.signal, this.#gone.signal]);
    const sink = { write: (data: Uint8Array) => this.#send(data) };
    try {
      const isQuiet = quietTest(speech.format);
      const packets = inPackets(speech.frames, { format: speech.format, packetMs });
      const { leadMs } = await pace(packets, { clock, pacer, sink, isQuiet, signal });
      await clock.sleep(leadMs + deviceBufferMs, signal);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  /** Sound that goes nowhere is told: nobody is to believe that they were heard. */
  #send(data: Uint8Array): undefined {
    this.#sender.send(data);
    if (this.#sender.droppedMs >= stuckMs) {
      throw new RecoverableError(`${this.#peer} takes no sound: it has read nothing for ${stuckMs / 1000} s`, {
        code: "stuck",
      });
    }
    if (this.#stream.refusals >= maxRefusals) {
      throw new RecoverableError(`${this.#peer} sends the sound back: nobody listens at its speaker's port`, {
        code: "no-speaker-port",
      });
    }
  }

  #choiceFor(format: AudioFormat): SpeakerChoice {
    const choice = this.#choices.find((candidate) => isSame(candidate.format, format));
    if (choice) return choice;
    throw new FatalError(`the camera's speaker takes no ${format.codec} of ${format.sampleRateHz} Hz`, {
      code: "unsupported-codec",
    });
  }
}

/** The lead that a device needs grows with the packets, of which it holds one at least. */
function livePacer(packetMs: number): LivePacer {
  return new LivePacer({ startLeadMs: 100 + packetMs });
}

/** A recording is sent little ahead: devices size their buffers for live sound. */
function recordingPacer(packetMs: number): RecordingPacer {
  return new RecordingPacer({ burstMs: 40 + packetMs, speed: 1.05, maxLeadMs: 80 + packetMs });
}

function isSame(format: AudioFormat, wanted: AudioFormat): boolean {
  return (
    format.codec === wanted.codec && format.sampleRateHz === wanted.sampleRateHz && format.channels === wanted.channels
  );
}
