import type { Device } from "../../device/driver.ts";
import type { QuirkCode } from "../../protocols/rtp/quirks.ts";
import { askSpeakers, type BackchannelOpened } from "../../protocols/rtsp/backchannel.ts";
import { isWished, type SpeakerWishes, speakerChoices, speakerQuirks } from "../../protocols/rtsp/choose-speaker.ts";
import type { SessionDescription } from "../../protocols/sdp/index.ts";
import { isAbort } from "../../util/errors.ts";
import type { RtspConfig } from "./config.ts";
import { type Learnt, protocolsOf } from "./learnt.ts";
import type { Picture } from "./picture.ts";
import { RtspSpeaker } from "./speaker.ts";

/** Options of {@link SpeakerFinder}. */
export interface FinderOptions {
  readonly config: RtspConfig;
  readonly learnt: Learnt;
  readonly picture: Picture;
  /** What the camera needs to be spoken through, against the standards. */
  readonly onQuirk: (quirk: QuirkCode) => void;
}

/** The speaker of one camera, as soon as the camera was asked for it. */
export class SpeakerFinder implements AsyncDisposable {
  speaker: RtspSpeaker | undefined;
  asking = false;
  readonly #over = new AbortController();
  #asked: Promise<void> | undefined;
  readonly #device: Device;
  readonly #options: FinderOptions;

  constructor(device: Device, options: FinderOptions) {
    this.#device = device;
    this.#options = options;
  }

  /** Asks the camera for its speaker, unless that is known; never throws. `plain`: its description without the question. */
  ask(plain?: SessionDescription): Promise<void> {
    this.#asked ??= this.#ask(plain);
    return this.#asked;
  }

  async #ask(plain?: SessionDescription): Promise<void> {
    const { config, learnt } = this.#options;
    if (config.backchannel === "off" || learnt.speakers) return;
    const { clock, log, signal } = this.#device;
    this.asking = true;
    try {
      const peer = { ...config, clock, log, signal: AbortSignal.any([signal, this.#over.signal]) };
      learnt.speakers = (await askSpeakers(peer, plain)) ?? "none";
      learnt.askFirst = false;
      this.offer();
    } catch (error) {
      if (!isAbort(error)) log.debug({ err: error }, "the camera was not asked for its speaker");
    } finally {
      this.asking = false;
    }
  }

  /** Offers the speaker if it is known, or says that there is none: it may be spoken through before there is a picture. */
  offer(): void {
    const { config, learnt, picture, onQuirk } = this.#options;
    if (this.speaker || this.#over.signal.aborted) return;
    const found = config.backchannel === "off" ? "none" : learnt.speakers;
    if (!found) return;
    const wishes = wishesOf(config);
    const choices = found === "none" ? [] : speakerChoices(found, wishes);
    const [first] = choices;
    if (found === "none" || !first) {
      this.#device.offerSpeaker(undefined);
      return;
    }
    if (!isWished(first, wishes)) {
      this.#device.log.warn({ codecs: choices.map(({ payload }) => payload.encoding) }, "talkCodec is not listed");
    }
    for (const quirk of speakerQuirks(found, wishes)) onQuirk(quirk);
    this.speaker = new RtspSpeaker(this.#device, {
      ...config,
      protocols: protocolsOf(config, learnt.talkProtocol ?? learnt.protocol),
      choices,
      wishes,
      plain: found.plain,
      warm: config.backchannel === "warm",
      picture,
      way: learnt.way ?? "beside",
      start: learnt.talkStart,
      onWay: (way) => {
        learnt.way = way;
        if (way === "alone") onQuirk("talk-alone");
      },
      onOpened: (how) => this.#opened(how),
      onTalking: (talking) => picture.onTalking(talking),
    });
    this.#device.offerSpeaker(this.speaker);
    this.speaker.warmUp();
  }

  /** What was found out by speaking is kept with the device: the next turn begins with it. */
  #opened({ protocol, start, withPicture }: BackchannelOpened): void {
    const { config, learnt, onQuirk } = this.#options;
    learnt.talkProtocol = protocol;
    learnt.talkStart = start;
    if (start === "RECORD") onQuirk("talk-record");
    if (withPicture) onQuirk("talk-with-picture");
    if (protocol === "udp" && config.transport === "auto") onQuirk("talk-udp");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#asked;
    await this.speaker?.[Symbol.asyncDispose]();
  }
}

function wishesOf({ talkCodec, talkRate, talkPacketMs }: RtspConfig): SpeakerWishes {
  const codec = talkCodec === "auto" ? undefined : talkCodec === "l16" ? "pcm_s16le" : talkCodec;
  return { codec, sampleRateHz: talkRate, packetMs: talkPacketMs };
}
