import type { OpusEncoder } from "../../codecs/opus/index.ts";
import type { StationCallNews, StationCallWish } from "../../protocols/room/calls.ts";
import type { RoomPriority } from "../../protocols/room/packet.ts";
import { stationIdOf } from "../../protocols/room/station-id.ts";
import { isAllRooms, type StationActivity } from "../../protocols/room/topics.ts";
import type { Destination, PacedTalk, TalkWriting } from "../../workers/pace/index.ts";
import type { Loudspeaker, Microphone } from "../machine/ports.ts";
import type { Decoders } from "./decoders.ts";
import { StationFloor } from "./floor.ts";
import { type Came, Hearing, type HearingCounters } from "./hearing.ts";
import { StationKeys } from "./keys.ts";
import type { HeardTalk } from "./multicast-count.ts";
import { OwnCall } from "./own-call.ts";
import { OwnTalk } from "./own-talk.ts";
import { Peers } from "./peers.ts";
import { frameSamples, Playout } from "./playout.ts";
import type { StationSettings } from "./settings.ts";
import { framesOfTone, ringTone, warningTone } from "./tone.ts";

/** What a press of the button came to: a talk, an answer to a call, or why there is none. */
export type PressResult = "talks" | "answers" | "busy" | "locked" | "nobody";

/** What a station counts; monotonic. */
export interface StationCounters extends HearingCounters {
  /** Packets that left. */
  readonly sent: number;
  /** Frames that the loudspeaker did not take in time. */
  readonly late: number;
  readonly overflow: number;
  readonly underrun: number;
}

/** Options of {@link Station}. */
export interface StationOptions {
  /** 16 hexadecimal digits, unique in the house. */
  readonly sender: string;
  readonly room: string;
  readonly settings: StationSettings;
  /** Key under which packets are signed, which it shares with the hub. */
  readonly key?: Uint8Array | undefined;
  /** A new one. */
  readonly encoder: OpusEncoder;
  readonly decoders: Decoders;
  readonly microphone: Microphone;
  readonly loudspeaker: Loudspeaker;
  /** Begins to send a talk (`PaceThread.begin`). */
  readonly begin: (to: readonly Destination[], writing: TalkWriting) => PacedTalk;
  /** Where everybody is, and one station. */
  readonly everybody: readonly Destination[];
  readonly stationAt: (address: string) => Destination;
  /** Where the numbers of its packets begin, which go on over restarts: who heard the last talk takes older ones for copies. */
  readonly firstSequence: number;
  /** What it does, or a setting, has changed. */
  readonly onChange: (what: "activity" | "settings") => void;
  /** A talk to the group is over: how much of it came. */
  readonly onHeard?: (talk: HeardTalk) => void;
  /** Somebody here answers, declines or hangs up. */
  readonly onWish?: (wish: StationCallWish) => void;
  /** Our call stands otherwise. */
  readonly onCall?: (news: StationCallNews) => void;
}

/** More packets than a talk has. */
const longestTalkPackets = 8000;

/**
 * A station of the room intercom, as the firmware behaves and `native/room-station` does. It hears, talks, rings and plays;
 * network, sound, MQTT and time come from outside.
 */
export class Station {
  readonly id: string;
  readonly room: string;
  readonly peers = new Peers();
  readonly #options: StationOptions;
  readonly #floor = new StationFloor();
  readonly #playout = new Playout();
  readonly #keys: StationKeys;
  readonly #hearing: Hearing;
  readonly #call: OwnCall;
  readonly #silence: Uint8Array;
  #settings: StationSettings;
  #talk: OwnTalk | undefined;
  /** Our talk is what we say in a call: we hear while it lasts. */
  #callTalk: OwnTalk | undefined;
  #tone: Iterator<Int16Array> | undefined;
  #ringing = false;
  #sent = 0;
  /** Of the next packet, while no talk is on its way. */
  #sequence: number;
  #late = 0;
  #activity: StationActivity = "idle";

  constructor(options: StationOptions) {
    const { sender, key, decoders } = options;
    this.#options = options;
    // Of an encoder that has not heard anything yet: behind words, silence is coded as their echo, and long.
    this.#silence = options.encoder.encode(new Uint8Array(frameSamples * 2));
    this.#sequence = options.firstSequence;
    this.#settings = options.settings;
    this.#floor.doNotDisturb = options.settings.dnd;
    this.id = stationIdOf(sender);
    this.room = options.room;
    this.#keys = new StationKeys(key);
    this.#hearing = new Hearing({
      sender,
      keys: this.#keys,
      floor: this.#floor,
      playout: this.#playout,
      decoderOf: (whose) => decoders.of(whose),
      onTaken: () => this.#cutTalk(),
      onHeard: (talk) => options.onHeard?.(talk),
    });
    this.#call = new OwnCall({
      onWish: (wish) => options.onWish?.(wish),
      onChange: (news) => {
        if (news.state !== "ringing") this.#hush();
        options.onCall?.(news);
      },
    });
  }

  /** What people have set. */
  get settings(): StationSettings {
    return this.#settings;
  }

  /** What the station does. */
  get activity(): { readonly state: StationActivity; readonly target?: string } {
    if (this.#talk) return { state: "transmitting", target: this.#talk.target };
    return { state: this.#floor.holder ? "receiving" : "idle" };
  }

  /** How our call stands. */
  get call(): StationCallNews {
    return this.#call.news;
  }

  /** Whom it hears: the sender's 16 digits. */
  get hears(): string | undefined {
    return this.#floor.holder?.sender;
  }

  get counters(): StationCounters {
    const { overflow, underrun } = this.#playout;
    return { sent: this.#sent, ...this.#hearing.counters, late: this.#late, overflow, underrun };
  }

  /** A datagram came. */
  hear(bytes: Uint8Array, came: Came): void {
    this.#hearing.hear(bytes, came);
  }

  /** The hub gives a key of the group; gives its id, or undefined for what is not the hub's. */
  takeKey(text: string, nowMs: number): number | undefined {
    const id = this.#keys.take(text, nowMs);
    const { group } = this.#keys;
    if (id !== undefined && group) this.#talk?.rekey(group);
    return id;
  }

  /** 20 ms have passed. */
  tick(nowMs: number): void {
    this.#hearing.tick(nowMs);
    this.#call.tick(nowMs);
    this.#followCall(nowMs);
    this.#talk?.tick(nowMs);
    this.#play();
    this.#show();
  }

  /**
   * The button is pressed. Pressed twice it is one talk; an unknown or absent target is refused, never everybody. While
   * somebody calls us, it answers; in a call we talk already.
   */
  press(nowMs: number): PressResult {
    if (this.#call.answer()) return "answers";
    if (this.#callTalk) return "talks";
    if (this.#talk && this.#floor.own !== undefined) return "talks";
    const { priority, target } = this.#settings;
    const refusal = this.#floor.refusal(priority, nowMs);
    if (refusal) return refusal;
    const to = this.#destinations(target);
    if (!to) return "nobody";
    this.#beginTalk({ priority, target, to, nowMs });
    return "talks";
  }

  /** The button is let go. A call goes on. */
  release(): void {
    if (!this.#callTalk) this.#talk?.release();
  }

  /** Declines what rings, hangs up, gives up a call of ours; false when there is none. */
  hangUp(): boolean {
    return this.#call.hangUp();
  }

  /** The hub says how our call stands. */
  takeCall(news: StationCallNews, nowMs: number): void {
    this.#call.take(news, nowMs);
  }

  /** The hub ends our talk soon. */
  warn(): void {
    this.#talk?.warn();
  }

  /** Somebody rings us: heard over mute and volume, but not over do-not-disturb. */
  ring(): void {
    if (this.#settings.dnd) return;
    this.#ringing = true;
    this.#tone = framesOfTone(ringTone);
  }

  /** We are about to ring a room: false when it is unknown to us, and there is no hub that may know it. The button is locked for two seconds. */
  calls(target: string, nowMs: number): boolean {
    if (!isAllRooms(target) && !this.peers.knows(target) && !this.#call.isKnown) return false;
    this.#floor.lock(nowMs);
    this.#call.calls(nowMs);
    return true;
  }

  /** Somebody changes what is set. */
  set(change: Partial<StationSettings>): void {
    this.#settings = { ...this.#settings, ...change };
    this.#floor.doNotDisturb = this.#settings.dnd;
    this.#options.onChange("settings");
  }

  #destinations(target: string): readonly Destination[] | undefined {
    const { everybody, stationAt } = this.#options;
    if (isAllRooms(target)) return everybody;
    const address = this.peers.addressOf(target);
    return address === undefined ? undefined : [stationAt(address)];
  }

  /** Our microphone is open as long as we are in a call: somebody here has called or answered. */
  #followCall(nowMs: number): void {
    const address = this.#call.talksTo;
    if (address === undefined) {
      this.#callTalk?.cut();
      if (this.#callTalk === this.#talk) this.#talk = undefined;
      this.#callTalk = undefined;
      return;
    }
    if (this.#callTalk) return;
    this.#cutTalk();
    const to = [this.#options.stationAt(address)];
    this.#beginTalk({ priority: 0, target: this.#call.news.who ?? "", to, nowMs, unlimited: true });
    this.#callTalk = this.#talk;
  }

  #beginTalk(how: {
    readonly priority: RoomPriority;
    readonly target: string;
    readonly to: readonly Destination[];
    readonly nowMs: number;
    readonly unlimited?: boolean;
  }): void {
    const count = this.#keys.countAt(how.nowMs);
    if (count !== undefined && ((count - this.#sequence) | 0) > 0) this.#sequence = count;
    const talk = new OwnTalk({
      ...this.#options,
      ...how,
      group: this.#keys.group,
      silence: this.#silence,
      sequence: this.#sequence,
      onWarning: () => {
        this.#tone = framesOfTone(warningTone);
      },
    });
    if (!how.unlimited) this.#floor.seize(how.priority);
    this.#talk = talk;
    // A talk that was cut may still leave a packet while the next one begins.
    const [first, ahead] = [this.#sequence, longestTalkPackets];
    this.#sequence = (first + ahead) >>> 0;
    const over = (sent: number) => {
      this.#sent += sent;
      if (this.#sequence === (first + ahead) >>> 0) this.#sequence = (first + sent) >>> 0;
      if (this.#talk !== talk) return;
      this.#talk = undefined;
      if (this.#callTalk === talk) this.#callTalk = undefined;
      this.#floor.own = undefined;
    };
    // It never fails: a clock that ends says that nothing more was sent.
    talk.over.then(over, () => over(0));
  }

  #cutTalk(): void {
    if (this.#callTalk) return;
    this.#talk?.cut();
    this.#talk = undefined;
    this.#floor.own = undefined;
  }

  #play(): void {
    const frame = this.#playout.pop({ goesOn: this.#floor.holder !== undefined });
    const gain = this.#gain();
    const tone = this.#toneFrame();
    const sound = tone ?? (frame && Int16Array.from(frame, (sample) => (sample * gain) / 100));
    const taken = this.#options.loudspeaker.write(sound ?? new Int16Array(frameSamples), {
      heard: sound !== undefined,
    });
    if (!taken) this.#late++;
  }

  /** Nobody rings us any more. */
  #hush(): void {
    if (!this.#ringing) return;
    this.#tone = undefined;
    this.#ringing = false;
  }

  #toneFrame(): Int16Array | undefined {
    const step = this.#tone?.next();
    if (!step || step.done) {
      this.#tone = undefined;
      this.#ringing = false;
      return undefined;
    }
    return step.value;
  }

  /** Emergencies and calls sound in full; what was set is not touched by that, and so counts again when they end. */
  #gain(): number {
    const loud = this.#ringing || this.#floor.holder?.priority === 2;
    if (loud) return 100;
    return this.#settings.mute ? 0 : this.#settings.volume;
  }

  #show(): void {
    const { state } = this.activity;
    if (state === this.#activity) return;
    this.#activity = state;
    this.#options.onChange("activity");
  }
}
