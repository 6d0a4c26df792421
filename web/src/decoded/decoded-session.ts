import type { PictureMessage } from "../../../src/surfaces/pictures/messages.ts";
import type { CodedPicture } from "../../../src/surfaces/pictures/read-picture.ts";
import { ApiError, apiErrorOf } from "../api.ts";
import { t } from "../language/t.ts";
import type { Numbers } from "../net/numbers.ts";
import type { PictureSession } from "../net/picture-session.ts";
import { type WhepOptions, WhepSession } from "../net/whep.ts";
import type { DecodeTries } from "../pure/decode-tries.ts";
import { type OddPicture, whyOf } from "../pure/picture-words.ts";
import { barrenAfterMs } from "../pure/retry.ts";
import { decodable } from "./decoders.ts";
import { PictureLine } from "./picture-line.ts";
import { Show } from "./show.ts";
import { SoundClock } from "./sound-clock.ts";

/** Options of {@link openDecoded}. */
export interface DecodedOptions extends WhepOptions {
  readonly device: string;
  readonly codec: string;
  readonly why: string | undefined;
  /** What the picture is called, where the hub knows. */
  readonly called: string | undefined;
  readonly tries: DecodeTries;
}

const soundEveryMs = 1000;
const turnTimeoutMs = 12_000;

/**
 * Shows a picture that this browser decodes by itself; undefined where it cannot, or the hub does not give it so. Throws
 * {@link ApiError} when the hub gives none at all.
 */
export async function openDecoded(options: DecodedOptions): Promise<PictureSession | undefined> {
  const { device, called, tries } = options;
  if (called === undefined || (await decodable(called))) {
    const session = new DecodedSession(options);
    try {
      if (await session.begin()) return session;
    } catch (error) {
      session.close();
      throw error;
    }
    session.close();
  }
  tries.cannot(device);
  return undefined;
}

/** The picture by a socket, decoded here; the sound, where it is wanted, by WebRTC. */
class DecodedSession implements PictureSession {
  readonly hasVideo = true;
  readonly iceServers: readonly RTCIceServer[] = [];
  readonly converted = undefined;
  readonly decoded: OddPicture;
  readonly #options: DecodedOptions;
  readonly #line: PictureLine;
  readonly #show: Show;
  /** Resolves with the first thing that the hub says, or why it says nothing. */
  readonly #first = Promise.withResolvers<PictureMessage | "closed" | "late">();
  readonly #scope = new AbortController();
  #turned: ((shown: string | undefined) => void) | undefined;
  #sound: WhepSession | undefined;
  #soundTimer: number | undefined;
  #heard = false;
  #over = false;

  constructor(options: DecodedOptions) {
    const { device, url, codec, why, tries } = options;
    this.#options = options;
    this.decoded = { codec, why: whyOf(why) ?? "codec" };
    this.#show = new Show({
      onDone: (pictures) => this.#line.done(pictures),
      onFault: () => {
        // One session is one fault, however many pictures it hits.
        if (!this.#over) {
          this.#tellDecoded();
          tries.failed(device);
        }
        this.#lost(t("This browser could not decode it."));
      },
      onSlow: () => {
        tries.tooSlow(device);
        this.#lost(t("This browser is too slow to decode it."));
      },
    });
    this.#line = new PictureLine(device, new URL(url, location.href).search, {
      onMessage: (message) => this.#hear(message),
      onPicture: (picture: CodedPicture) => this.#show.take(picture),
      onOver: () => {
        this.#first.resolve("closed");
        this.#turned?.(undefined);
        this.#lost(t("The hub ended it."));
      },
    });
    const { signal } = this.#scope;
    options.signal.addEventListener("abort", () => this.#first.resolve("closed"), { once: true, signal });
  }

  /** False where the picture is none for this browser after all. */
  async begin(): Promise<boolean> {
    const { signal, sound, onTrack } = this.#options;
    const message = await this.#firstMessage();
    if (message.type === "refused") {
      const { problem } = message;
      if (problem.code === "codec-unsupported") return false;
      throw apiErrorOf(problem, problem.status);
    }
    if (message.type !== "picture") throw new ApiError(t("The hub does not answer."), { status: 0 });
    const canShow = await this.#show.setUp(message);
    signal.throwIfAborted();
    if (!canShow) return false;
    onTrack(this.#show.track);
    if (sound) await this.#openSound();
    signal.throwIfAborted();
    return true;
  }

  async #firstMessage(): Promise<PictureMessage> {
    const { signal, tries, device } = this.#options;
    const late = setTimeout(() => this.#first.resolve("late"), barrenAfterMs);
    const message = await this.#first.promise;
    clearTimeout(late);
    signal.throwIfAborted();
    if (typeof message === "object") {
      tries.line(device);
      return message;
    }
    // A proxy may let no such socket through, or keep it waiting.
    if (!this.#line.open) tries.noLine(device, performance.now());
    throw new ApiError(message === "late" ? t("No picture came.") : t("The hub does not answer."), { status: 0 });
  }

  get id(): string {
    return this.#sound?.id ?? "";
  }

  get hasAudio(): boolean {
    return this.#sound?.hasAudio ?? false;
  }

  get hasWay(): boolean {
    return this.#line.open;
  }

  async numbers(): Promise<Numbers> {
    return this.#show.numbers.take();
  }

  async alive(): Promise<boolean> {
    // A wish that waits has a time of its own, and its answer would be taken for this one's.
    if (this.#turned) return this.#line.open;
    return (await this.#line.answers()) && (await (this.#sound?.alive() ?? true));
  }

  async turn(rendition: "main" | "sub"): Promise<"shown" | "late" | "lost"> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#turned?.(undefined);
    this.#turned = resolve;
    this.#line.want(rendition);
    const late = setTimeout(() => resolve(undefined), turnTimeoutMs);
    const shown = await promise;
    clearTimeout(late);
    if (this.#turned === resolve) this.#turned = undefined;
    if (!this.#line.open) return "lost";
    return shown === rendition ? "shown" : "late";
  }

  close(): void {
    this.#tellDecoded();
    this.#over = true;
    this.#scope.abort();
    clearInterval(this.#soundTimer);
    this.#line.close();
    this.#sound?.close();
    this.#show.close();
  }

  #hear(message: PictureMessage): void {
    if (!this.#heard) {
      this.#heard = true;
      this.#first.resolve(message);
    } else if (message.type === "rendition") this.#turned?.(message.shown);
    else if (message.type === "picture") void this.#show.setUp(message);
  }

  #tellDecoded(): void {
    this.#options.tries.decoded(this.#options.device, this.#show.numbers.takeDecodedMs());
  }

  async #openSound(): Promise<void> {
    const onLost = (reason: string) => this.#lost(reason);
    const sound = await WhepSession.open({ ...this.#options, picture: false, onLost }).catch(withoutSound);
    if (!sound) return;
    if (this.#over || !sound.hasAudio) {
      sound.close();
      return;
    }
    this.#sound = sound;
    const clock = new SoundClock(sound.peer);
    this.#soundTimer = window.setInterval(() => void this.#keepStep(clock), soundEveryMs);
  }

  async #keepStep(clock: SoundClock): Promise<void> {
    const { playout } = this.#show;
    playout.heard(await clock.delayMs((timeMs) => playout.sinceHub(timeMs, performance.now())));
    clock.move(playout.soundEarlyMs);
  }

  #lost(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.onLost(reason);
  }
}

/** `bad-offer`: of a camera without sound, or without a right to it, an offer of sound alone asks for nothing that there is. */
const noSoundCodes: ReadonlySet<string> = new Set(["no-media", "codec-unsupported", "forbidden", "bad-offer"]);

/**
 * A camera may have none, or a person no right to it: the picture is shown all the same, as where this browser fails at it. What
 * else the hub refuses may be had later: it is tried again with the picture.
 */
function withoutSound(error: unknown): undefined {
  if (error instanceof ApiError && error.status !== 403 && !noSoundCodes.has(error.code)) throw error;
  return undefined;
}
