import type { Device, Speaker } from "../../device/driver.ts";
import type { Speech } from "../../media/speech.ts";
import { type Backchannel, type BackchannelOptions, openBackchannel } from "../../protocols/rtsp/backchannel.ts";
import type { SpeakerChoice } from "../../protocols/rtsp/choose-speaker.ts";
import { background } from "../../util/background.ts";
import { FatalError, RecoverableError } from "../../util/errors.ts";

/**
 * How a speaker is opened: beside the picture, in a session that has the picture too, or alone, with the picture given up
 * meanwhile because the device serves one session only.
 */
export type SpeakerWay = "beside" | "with-picture" | "alone";

/** The picture of the same device, which may have to make room. */
export interface PictureBeside {
  /** Whether it is played now. */
  readonly playing: boolean;
  /** Ends it; it comes back by itself when nobody speaks any more. */
  giveUp(): Promise<void>;
}

/** Options of {@link RtspSpeaker}. */
export interface RtspSpeakerOptions
  extends Omit<BackchannelOptions, "signal" | "clock" | "log" | "choice" | "withPicture"> {
  /** Best first; at least one. */
  readonly choices: readonly SpeakerChoice[];
  /** Keep the back channel open between turns: a press is heard sooner, but the camera's own call button may be deaf. */
  readonly warm: boolean;
  readonly picture: PictureBeside;
  /** The way that worked the last time. */
  readonly way: SpeakerWay;
  readonly onWay: (way: SpeakerWay) => void;
  /** Somebody begins to speak, or nobody speaks any more. */
  readonly onTalking: (talking: boolean) => void;
}

/**
 * The speaker of a camera with an ONVIF back channel. It is open while somebody talks, or for good when it is
 * kept warm; either way it is given back when the speaker is disposed. It has a connection of its own, and what becomes of
 * the picture's ends no turn.
 */
export class RtspSpeaker implements Speaker, AsyncDisposable {
  readonly formats: Speaker["formats"];
  readonly echoCancelling = false;
  #way: SpeakerWay;
  #kept: { readonly choice: SpeakerChoice; readonly backchannel: Promise<Backchannel> } | undefined;
  #speaking: Backchannel | undefined;
  readonly #turns = new Set<Promise<void>>();
  readonly #life = new AbortController();
  readonly #device: Pick<Device, "clock" | "log">;
  readonly #options: RtspSpeakerOptions;

  constructor(device: Pick<Device, "clock" | "log">, options: RtspSpeakerOptions) {
    this.#device = device;
    this.#options = options;
    this.#way = options.way;
    this.formats = options.choices.map(({ format }) => format);
  }

  /** Whether a turn is under way. */
  get talking(): boolean {
    return this.#turns.size > 0;
  }

  /** Resolves when no turn is under way. */
  async idle(): Promise<void> {
    while (this.talking) await Promise.allSettled(this.#turns);
  }

  /** While somebody speaks: whether the device answers on the turn's connection. A turn at a dead one is ended. */
  async isAlive(): Promise<boolean> {
    return this.talking && (this.#speaking === undefined || (await this.#speaking.isAlive()));
  }

  /** Opens the back channel ahead of the first turn, if it is to be kept warm. */
  warmUp(): void {
    const [choice] = this.#options.choices;
    if (this.#options.warm && choice) this.#keep(choice).catch((error: unknown) => this.#complain(error));
  }

  async play(speech: Speech): Promise<void> {
    const turn = this.#playTurn({ ...speech, signal: AbortSignal.any([speech.signal, this.#life.signal]) });
    if (!this.talking) this.#options.onTalking(true);
    this.#turns.add(turn);
    try {
      await turn;
    } catch (error) {
      if (!speech.signal.aborted) throw error; // broken off on purpose: what failed then is of no interest
    } finally {
      this.#turns.delete(turn);
      if (!this.talking) this.#options.onTalking(false);
    }
  }

  /** Ends what is being said and gives the camera's speaker back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort(new RecoverableError("the camera went away while somebody spoke", { code: "connection-lost" }));
    await Promise.allSettled(this.#turns);
    await this.#letGo();
  }

  async #playTurn(speech: Speech): Promise<void> {
    const choice = this.#choiceFor(speech);
    if (this.#options.warm) return await this.#speak(await this.#keep(choice), speech);
    await using backchannel = await this.#open(choice, speech.signal);
    await this.#speak(backchannel, speech);
  }

  async #speak(backchannel: Backchannel, speech: Speech): Promise<void> {
    this.#speaking = backchannel;
    try {
      await backchannel.speak(speech);
    } finally {
      this.#speaking = undefined;
    }
  }

  #choiceFor({ format }: Speech): SpeakerChoice {
    const choice = this.#options.choices.find((candidate) => candidate.format === format);
    const same = choice ?? this.#options.choices.find((candidate) => isSame(candidate.format, format));
    if (same) return same;
    throw new FatalError(`the camera's speaker takes no ${format.codec} of ${format.sampleRateHz} Hz`, {
      code: "unsupported-codec",
    });
  }

  /**
   * Opens in the way that worked before, and in the next one where that fails. A way is kept where the device refused the one
   * before: a connection that broke once is no reason to give the picture up in every turn to come.
   */
  async #open(choice: SpeakerChoice, signal: AbortSignal): Promise<Backchannel> {
    const { picture, onWay } = this.#options;
    let way = this.#way;
    for (let sure = true; ; ) {
      if (way === "alone" && picture.playing) await picture.giveUp();
      try {
        const backchannel = await this.#openOnce(choice, { way, signal });
        if (sure) {
          this.#way = way;
          onWay(way);
        }
        return backchannel;
      } catch (error) {
        const next = signal.aborted ? undefined : nextWay(way, { error, playing: picture.playing });
        if (!next) throw error;
        this.#device.log.info({ err: error, next }, "the speaker is opened in another way");
        sure &&= isRefusal(error);
        way = next;
      }
    }
  }

  #openOnce(
    choice: SpeakerChoice,
    how: { readonly way: SpeakerWay; readonly signal: AbortSignal },
  ): Promise<Backchannel> {
    const { clock, log } = this.#device;
    const withPicture = how.way === "with-picture";
    return openBackchannel({ ...this.#options, clock, log, choice, withPicture, signal: how.signal });
  }

  /** The back channel that is kept open; a new one when there is none for this sound, or the camera ended it. */
  async #keep(choice: SpeakerChoice): Promise<Backchannel> {
    if (this.#kept && this.#kept.choice.section !== choice.section) await this.#letGo();
    if (this.#kept) return await this.#kept.backchannel;
    const kept = { choice, backchannel: this.#open(choice, this.#life.signal) };
    this.#kept = kept;
    const forget = () => {
      if (this.#kept === kept) this.#kept = undefined;
    };
    kept.backchannel.then((backchannel) => {
      const lose = () => {
        forget();
        background(backchannel[Symbol.asyncDispose](), (error) => this.#complain(error));
      };
      if (backchannel.lost.aborted) lose();
      else backchannel.lost.addEventListener("abort", lose, { once: true });
    }, forget);
    return await kept.backchannel;
  }

  async #letGo(): Promise<void> {
    const kept = await this.#kept?.backchannel.catch(() => undefined); // what failed was told to whoever asked for it
    this.#kept = undefined;
    await kept?.[Symbol.asyncDispose]();
  }

  #complain(error: unknown): void {
    if (!this.#life.signal.aborted) this.#device.log.warn({ err: error }, "the back channel cannot be kept open");
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof RecoverableError && typeof error.fields["status"] === "number";
}

/** What is worth trying after `way` failed; undefined when nothing is. */
function nextWay(
  way: SpeakerWay,
  { error, playing }: { readonly error: unknown; readonly playing: boolean },
): SpeakerWay | undefined {
  if (!(error instanceof RecoverableError) || error.code === "no-speaker-port") return undefined;
  const refusedPlay = error.code === "refused" && ["PLAY", "RECORD"].includes(String(error.fields["method"]));
  if (way === "beside" && refusedPlay) return "with-picture";
  return way !== "alone" && playing ? "alone" : undefined;
}

function isSame(a: Speech["format"], b: Speech["format"]): boolean {
  return a.codec === b.codec && a.sampleRateHz === b.sampleRateHz && a.channels === b.channels;
}
