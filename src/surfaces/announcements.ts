import type { SayText } from "../hub/call-visitor.ts";
import type { ChannelId } from "../hub/channel.ts";
import type { Hub } from "../hub/hub.ts";
import { pcmFormat } from "../media/format.ts";
import { findSound } from "../media/found.ts";
import { fetchSound } from "../media/say-url.ts";
import type { RecordedSpeech } from "../media/speech.ts";
import { background } from "../util/background.ts";
import { isAbort, messageOf } from "../util/errors.ts";
import { Seldom } from "../util/seldom.ts";

/** Options of {@link Announcements}. */
export interface AnnouncementsOptions {
  readonly hub: Pick<Hub, "turns" | "converter" | "identity" | "clock" | "log">;
  readonly say: SayText | undefined;
  /** How the addresses begin from which sounds are fetched; none unless told. */
  readonly allowed: readonly string[];
}

/** Whom something is played to, and how. */
export interface Playing {
  readonly to: readonly ChannelId[];
  /** Whom it is for, as people call it. */
  readonly target: string;
  readonly priority: 0 | 1 | 2;
  /** Who is said to speak. */
  readonly name?: string;
  readonly may?: (deviceId: string) => boolean;
}

/** One announcement. */
export interface Announcement extends Playing {
  /** Text to be spoken, or the address of a sound. */
  readonly message: string;
}

/** So many wait or are said at once; more are not taken. */
export const maxAnnouncements = 16;
const findMs = 8000;
const longestMs = 600_000;
const sayEveryMs = 10_000;
const actor = "MQTT";

/** Says what was sent over MQTT: after what is being said, never over it unless it is more urgent. */
export class Announcements implements Disposable {
  readonly #options: AnnouncementsOptions;
  readonly #end = new AbortController();
  readonly #seldom: Seldom;
  #count = 0;

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
    this.#seldom = new Seldom({ clock: options.hub.clock, everyMs: sayEveryMs });
  }

  /** Says it, or writes into the log why not. */
  announce(announcement: Announcement): void {
    const source = this.#sourceOf(announcement.message);
    if (typeof source === "string") this.#refuse(source, source);
    else this.play(announcement, source);
  }

  /** Plays a sound, or writes into the log why not. */
  play(playing: Playing, source: RecordedSpeech): void {
    if (this.#count >= maxAnnouncements) {
      this.#refuse("many", "too much is being said already");
      return;
    }
    this.#count++;
    background(
      this.#play(playing, source).finally(() => this.#count--),
      (err) => {
        if (!isAbort(err)) this.#refuse(messageOf(err), messageOf(err));
      },
    );
  }

  [Symbol.dispose](): void {
    this.#end.abort();
  }

  /** The sound, or a sentence that says why there is none. */
  #sourceOf(message: string): RecordedSpeech | string {
    const { say, allowed, hub } = this.#options;
    if (!/^https?:\/\//i.test(message)) {
      return say ? say(message.slice(0, 2000), {}) : "no speech engine is installed; install espeak-ng";
    }
    const url = URL.canParse(message) ? new URL(message) : undefined;
    if (!url || message.length > 2048 || url.username !== "" || !allowed.some((start) => isBelow(url, start))) {
      return `sounds from ${url?.origin ?? "there"} are not fetched: room.soundsFrom does not name it`;
    }
    return {
      live: false,
      open: (output, how) => hub.converter.decodeFile({ bytes: this.#fetched(url, how.signal) }, { output, ...how }),
    };
  }

  /** The sound at an address; where it leads on to has to be named as well. */
  async *#fetched(url: URL, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const isListed = (one: URL) => this.#options.allowed.some((start) => isBelow(one, start));
    yield await fetchSound(url.href, { isListed, clock: this.#options.hub.clock, signal });
  }

  /** The sound first: nobody's floor is held for one that gives none. */
  async #play({ to, target, priority, name, may }: Playing, source: RecordedSpeech): Promise<void> {
    const { turns, identity, clock } = this.#options.hub;
    const { signal } = this.#end;
    await using found = await findSound(source, {
      format: pcmFormat(16_000),
      gain: 1,
      clock,
      timeoutMs: findMs,
      signal,
    });
    using turn = turns.take({
      to,
      priority,
      ...(may && { may }),
      talker: { id: "mqtt", name: name ?? "Announcement" },
      queue: true,
      source: found,
      onState: (state) => {
        if (state.state === "refused" || state.state === "failed")
          this.#refuse(state.reason, `${target}: ${state.reason}`);
        if (state.state !== "granted") return;
        identity.audit.record({ actor, action: "say", subject: target, detail: name ?? "announcement" });
      },
    });
    const cancel = () => turn.cancel();
    using _longest = clock.timer(longestMs, cancel);
    signal.addEventListener("abort", cancel, { once: true });
    await turn.done;
    signal.removeEventListener("abort", cancel);
  }

  #refuse(key: string, why: string): void {
    if (this.#seldom.isNews(key)) this.#options.hub.log.warn({}, `MQTT: not announced: ${why}`);
  }
}

/** True when an address begins as an allowed one does: the same server, and a path at or below its path. */
function isBelow(url: URL, start: string): boolean {
  if (!URL.canParse(start)) return false;
  const { origin, pathname } = new URL(start);
  const folder = pathname.endsWith("/") ? pathname : `${pathname}/`;
  return url.origin === origin && (url.pathname === pathname || url.pathname.startsWith(folder));
}
