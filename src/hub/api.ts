import type { ButtonReach, Speaker } from "../device/driver.ts";
import type { Converter } from "../media/convert.ts";
import type { SpeechSource } from "../media/speech.ts";
import type { Track } from "../media/track.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import type { ChannelId } from "./channel.ts";
import type { DeviceInput, DeviceSettings } from "./device-settings.ts";
import type { DeviceInfo, DeviceState, HolderInfo } from "./state.ts";

/** Which of a device's pictures of the same view: the main one, or the small one. */
export type RenditionName = "main" | "sub";

/** A picture of a device with a source of its own: what its viewers need of it. */
export type Rendition = Pick<HubDevice, "state" | "track" | "waitForTrack" | "demand" | "onChange">;

/** One device of the hub, as its users see it: whatever brings its media, and wherever that runs. */
export interface HubDevice {
  readonly id: string;
  readonly name: string;
  readonly area: string | undefined;
  readonly settings: DeviceSettings;
  readonly state: DeviceState;
  /** How often it was connected to, or came, since the hub knows it. */
  readonly attempts: number;
  readonly tracks: readonly Track[];
  /** The last health report, as its driver gave it. */
  readonly health: Readonly<Record<string, string | number | boolean>> | undefined;
  /** The device as the API shows it. */
  info(): DeviceInfo;
  /** The devices that its own button speaks through when it is set to a target; none for a target that is not known. */
  buttonReach(target: string): readonly ButtonReach[];
  /** Calls `listener` whenever state, tracks, speaker or settings change. */
  onChange(listener: () => void): Disposable;
  /** Keeps the source running until the handle is disposed; for a viewer it is tried at once, and more often. */
  demand(by?: "viewer" | "hub"): Disposable;
  /**
   * Its small picture, a source of its own that runs while somebody demands it; undefined where there is none, as far as is
   * known. Snapshots, speech and everything else are the device's.
   */
  readonly sub: Rendition | undefined;
  /** The track of a kind, if the device has published one. */
  track(kind: "video" | "audio", label?: string): Track | undefined;
  /** The track, as soon as the device publishes it; undefined after `timeoutMs`. The caller holds a demand. */
  waitForTrack(
    kind: "video" | "audio",
    options: { readonly label?: string; readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<Track | undefined>;
  /** The speaker while the device is connected, if it has one. */
  readonly speaker: Speaker | undefined;
  /**
   * The speaker, as soon as the device is connected; "none" as soon as it is known that it has none; undefined after
   * `timeoutMs`. The caller holds a demand.
   */
  waitForSpeaker(options: {
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<Speaker | "none" | undefined>;
  /** Something moves there, or nothing does; undefined: it is not known any more. */
  noticeMotion(active: boolean | undefined): void;
  /** An emergency is played there until the handle is disposed: mute is lifted and the volume raised for its time. */
  raise(): Disposable;
  /**
   * Gives the device a command; resolves with its answer. Throws RecoverableError when it is not connected, or goes away
   * before it answers; what it answers where it refuses. After `expiresMs` it must not be carried out any more.
   */
  command(
    name: string,
    payload: Readonly<Record<string, unknown>>,
    options?: { readonly expiresMs?: number },
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Lets go of the device and connects again, at once; resolves when it has been let go of. */
  restart(): Promise<void>;
}

/** What changed among the devices. */
export type DevicesEvent =
  | { readonly type: "device"; readonly id: string }
  | { readonly type: "removed"; readonly id: string };

/** All devices of the hub. Unknown ids give undefined; wrong input throws FatalError with code `bad-config`. */
export interface HubDevices {
  list(): readonly HubDevice[];
  get(id: string): HubDevice | undefined;
  onChange(listener: (event: DevicesEvent) => void): Disposable;
  /** Adds to the configuration file and starts serving. */
  add(input: DeviceInput): Promise<HubDevice>;
  update(id: string, patch: Partial<DeviceInput>): Promise<HubDevice>;
  remove(id: string): Promise<void>;
  /** A device for two minutes that is not in the configuration file: what "add" shows before it is saved. */
  preview(input: DeviceInput): Promise<HubDevice>;
}

/** Whether one of the devices that a turn is meant for hears the talker. */
export interface Hearing {
  readonly deviceId: string;
  /** `quiet`: it was left out on purpose; `failed`: it could not be spoken through. */
  readonly state: "playing" | "connecting" | "quiet" | "failed";
  /** Why it is quiet or failed, or that it hears and cannot answer, for people. */
  readonly reason?: string;
  /** The same for programs: `do-not-disturb`, `taken`, `offline`, `no-speaker`, `listens-only`, or what its driver said. */
  readonly code?: string;
  /** Frames of the talker that its speaker lost because it was slow. */
  readonly lostFrames?: number;
}

/** Frames of speech that were lost: on the way to the hub, and at the slowest speaker. */
export interface LostSpeech {
  readonly network: number;
  readonly speaker: number;
}

/** What a talker is told about their turn. */
export type TurnState =
  | { readonly state: "granted"; readonly hearing: readonly Hearing[] }
  | { readonly state: "queued"; readonly position: number; readonly holder?: HolderInfo }
  | {
      readonly state: "refused";
      /** `nobody`: the channel means no device at the moment. `queue-full`: more wait already than may. */
      readonly reason: "held" | "queue-full" | "do-not-disturb" | "no-speaker" | "offline" | "nobody";
      readonly holder?: HolderInfo;
    }
  | { readonly state: "pre-empted"; readonly holder?: HolderInfo }
  /** It goes on for so many seconds only: it has lasted nearly as long as a talk may. */
  | { readonly state: "ending"; readonly seconds: number }
  | {
      readonly state: "released";
      readonly reason: "done" | "silent" | "too-long" | "cancelled";
      readonly lost: LostSpeech;
    }
  | { readonly state: "failed"; readonly reason: string };

/** Who wants to speak to whom. */
export interface TurnRequest {
  /** Whom they speak to: the devices of all these channels, which may come and go while they speak. */
  readonly to: readonly ChannelId[];
  /** Leaves out devices that the talker may not speak through; everybody may by default. */
  readonly may?: (deviceId: string) => boolean;
  /** Devices that hear the talker without us, as stations of one multicast group do: their floor is held, nothing is sent. */
  readonly hears?: (deviceId: string) => boolean;
  readonly talker: { readonly id: string; readonly name: string };
  readonly priority: 0 | 1 | 2;
  /** Wait in line when somebody else holds it. */
  readonly queue: boolean;
  readonly source: SpeechSource;
  /** A conversation, which may last as long as it likes; a talk ends after the hub's longest time. */
  readonly unlimited?: boolean;
  /** The floor is taken by being heard, not by asking for it. */
  readonly bySound?: boolean;
  /** Live sound loses the floor when it falls silent; a call keeps it until it is released. */
  readonly holds?: "until-released";
  /** Called on each change, first within the call to `take`. */
  readonly onState: (state: TurnState) => void;
  /** Called while the turn holds the floor, whenever it changes who hears it: with all devices that were meant. */
  readonly onHearing?: (hearing: readonly Hearing[]) => void;
}

/** A running or waiting turn; `cancel` stops the sound at once, `finish` lets what was said be heard first. */
export interface Turn extends Disposable {
  /** Resolves when nothing of it is played any more. */
  readonly done: Promise<void>;
  finish(): void;
  cancel(): void;
}

/** Speech of all talkers to all speakers, under one floor control. */
export interface HubTurns {
  /** Asks for the floor and, once it is granted, plays `source` at the speakers. Disposing cancels. */
  take(request: TurnRequest): Turn;
  holder(deviceId: string): { readonly holder?: HolderInfo; readonly queued: number };
  onChange(listener: (deviceId: string) => void): Disposable;
}

/** What every part of the hub may use. */
export interface HubBase {
  readonly clock: Clock;
  readonly log: Log;
  readonly converter: Converter;
  readonly devices: HubDevices;
  readonly turns: HubTurns;
}
