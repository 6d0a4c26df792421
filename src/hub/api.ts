import type { Converter } from "../media/convert.ts";
import type { SpeechSource } from "../media/speech.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import type { HubDevice } from "./device.ts";
import type { DeviceInput } from "./device-settings.ts";
import type { HolderInfo } from "./state.ts";

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
  /** A device for two minutes that stands in no file: what "add" shows before it is saved. */
  preview(input: DeviceInput): Promise<HubDevice>;
}

/** What a talker is told about their turn. */
export type TalkState =
  | { readonly state: "granted" }
  | { readonly state: "queued"; readonly position: number; readonly holder?: HolderInfo }
  | {
      readonly state: "refused";
      readonly reason: "held" | "do-not-disturb" | "no-speaker" | "offline";
      readonly holder?: HolderInfo;
    }
  | { readonly state: "pre-empted"; readonly holder?: HolderInfo }
  | { readonly state: "released"; readonly reason: "done" | "silent" | "cancelled" }
  | { readonly state: "failed"; readonly reason: string };

/** Who wants to speak through what. */
export interface TalkRequest {
  /** Ids of the devices; one, or the members of a group. */
  readonly devices: readonly string[];
  /** What the floor is about; `device:<id>` for one device. */
  readonly channel?: string;
  readonly talker: { readonly id: string; readonly name: string };
  readonly priority: 0 | 1 | 2;
  /** Wait in line when somebody else holds it. */
  readonly queue: boolean;
  readonly source: SpeechSource;
  /** Called on each change, first within the call to `take`. */
  readonly onState: (state: TalkState) => void;
}

/** A running or waiting turn; `cancel` stops the sound at once, `finish` lets what was said be heard first. */
export interface Talk extends Disposable {
  readonly done: Promise<void>;
  finish(): void;
  cancel(): void;
}

/** Speech of all talkers to all speakers, under one floor control. */
export interface HubTalks {
  /** Asks for the floor and, once it is granted, sends `source` to the speakers. Disposing cancels. */
  take(request: TalkRequest): Talk;
  holder(deviceId: string): { readonly holder?: HolderInfo; readonly queued: number };
  onChange(listener: (deviceId: string) => void): Disposable;
}

/** What every part of the hub may use. */
export interface HubBase {
  readonly clock: Clock;
  readonly log: Log;
  readonly converter: Converter;
  readonly devices: HubDevices;
  readonly talks: HubTalks;
}
