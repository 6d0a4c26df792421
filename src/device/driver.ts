import type { z } from "zod";
import type { AudioFormat, Format } from "../media/format.ts";
import type { Frame } from "../media/frame.ts";
import type { Speech } from "../media/speech.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";

/** Where a driver writes the frames of one elementary stream. */
export interface TrackWriter {
  /** Synchronous; never blocks and never throws. */
  write(frame: Frame): void;
  /** The details of the format changed (parameter sets, size); the codec may not. */
  updateFormat(format: Format): void;
  /** What comes next does not follow on what came: nothing old is shown any more, and readers wait for a key frame. */
  interrupt(): void;
}

/**
 * A way of sending that several speakers share, such as a multicast group: what is sent once, all of them hear. When all of
 * them are meant, a turn is played by the carrier, otherwise at each speaker alone.
 */
export interface Carrier {
  /** The same for all speakers that share it, and for no others: `room 224.0.0.100:5005`. */
  readonly id: string;
  /** Ids of the devices that hear what is sent by it at the moment: those that are there. */
  members(): readonly string[];
  /** As {@link Speaker.play}, for all of them at once. Aborted also when one of them is no longer meant. */
  play(speech: Speech): Promise<void>;
}

/** How loud a device that keeps its own loudness plays. */
export interface Loudness {
  /** 0 nothing, 1 all that it can. */
  readonly volume: number;
  readonly muted: boolean;
}

/** The loudness that a device keeps itself: the hub raises it for emergencies, and puts back what was set. */
export interface LoudnessControl {
  /** As the device last said it is, whoever set it. Undefined until it has said so; then its speaker is offered again. */
  now(): Loudness | undefined;
  /** Resolves when the device has taken it. */
  set(loudness: Loudness): Promise<void>;
}

/** A device's speaker, as its driver offers it to the hub. */
export interface Speaker {
  /** What it can play, best first. The hub converts to the one that costs least. */
  readonly formats: readonly AudioFormat[];
  /** True when the device cancels the echo of its own speaker. */
  readonly echoCancelling: boolean;
  /**
   * Plays one turn: opens what the device needs, sends `speech.frames` at the device's pace, waits until it was heard,
   * gives the device back. Throws RecoverableError or FatalError with a sentence for the talker.
   */
  play(speech: Speech): Promise<void>;
  /** What it shares with other speakers, all of which take the same formats. */
  readonly carrier?: Carrier;
  /** Absent where the hub alone makes the loudness, by the samples that it sends. */
  readonly loudness?: LoudnessControl;
  /** True while the device is told the setting `volume` and makes it itself: what is sent to it stays as loud as it was. */
  readonly makesVolume?: boolean;
}

/** A device that the button of another one speaks through, as rights are asked about it. */
export interface ButtonReach {
  readonly id: string;
  readonly area?: string;
}

/** What a device says about itself besides media. */
export type DeviceEvent =
  /**
   * Somebody rings there. `bell` says which bell of a device that has several; `pressId` is the device's own name for this
   * press, the same by whichever way it comes.
   */
  | { readonly type: "ring"; readonly bell?: string; readonly pressId?: string }
  /** The door there was opened or closed, by whomever. */
  | { readonly type: "door"; readonly open: boolean }
  /** Something moves there, or nothing does any more. Of cameras it comes by ONVIF (`surfaces/bells`); no driver emits it. */
  | { readonly type: "motion"; readonly active: boolean }
  /**
   * What its own button to talk does: `target` is whom its user speaks to, by name, out of `targets`. It can be asked to
   * change it by the command `button` (`{ target?, priority? }`). Said anew whenever something of it changes.
   */
  | {
      readonly type: "button";
      readonly target: string;
      readonly targets: readonly string[];
      /**
       * By target, the devices of the house that it means: whoever sets it needs the right to talk through them, and for a
       * target that is not here through the whole house.
       */
      readonly reaches: Readonly<Record<string, readonly ButtonReach[]>>;
      readonly priority?: 0 | 1 | 2;
    }
  /**
   * Something that it does against the standards, or that a person has to know: `sentence` goes on after its name, `detail`
   * is what it is about (the name of a codec).
   */
  | { readonly type: "quirk"; readonly code: string; readonly sentence: string; readonly detail?: string }
  | { readonly type: "health"; readonly values: Readonly<Record<string, string | number | boolean>> };

/**
 * A request to the device, e.g. unlock. Whoever took it answers by calling `done` or `failed` once.
 */
export interface Command {
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** After which it must not be carried out any more. */
  readonly expiresMs?: number;
  done(result?: Readonly<Record<string, unknown>>): void;
  failed(error: Error): void;
}

/** What a driver can say it is doing; the words on the page are the page's. */
export type DriverPhase =
  | "connecting"
  | "waiting-for-key-frame"
  /** The camera has no picture to give while somebody speaks through it. */
  | "paused-by-talk"
  /** It is there, and sends nothing because nobody watches. */
  | "idle"
  /** It is there and works, and has neither picture nor sound of its own to show it. */
  | "live";

/**
 * What was learnt about a device: its dialect, how its media arrives. Small JSON values, which the hub keeps over
 * restarts until the device is set up differently.
 */
export interface DeviceMemory {
  /** What was kept under `key`; the reader checks its shape. */
  get(key: string): unknown;
  /** Keeps a small JSON value; `undefined` forgets it. Never throws. A guess may be kept until the hub restarts only. */
  set(key: string, value: unknown, options?: { readonly lasting?: boolean }): void;
}

/** What the hub lends to a driver for one device. */
export interface Device {
  readonly id: string;
  /** Aborts when the driver is to let go of the device and return. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
  readonly memory: DeviceMemory;
  /**
   * A track to write to. Called again after a reconnect with the same codec it is the same track to its readers.
   * At most one video and one audio track per `label` ("main" by default). One that is `sparse` has sound only now and
   * then, and its pauses say nothing of the device. Beside one that is `alone` the device has announced nothing else, and
   * nobody waits for it.
   */
  publish(
    format: Format,
    options?: {
      readonly label?: string;
      readonly sparse?: boolean;
      readonly alone?: boolean;
      /** Asks the device for a key frame; the hub calls it when a viewer would wait long, the driver heeds not to ask too often. */
      readonly wantKeyFrame?: () => void;
    },
  ): TrackWriter;
  /** Offers the device's speaker; undefined: it is known to have none, and nobody waits for one. */
  offerSpeaker(speaker: Speaker | undefined): void;
  /** What the device is asked to do. */
  readonly commands: AsyncIterable<Command>;
  emit(event: DeviceEvent): void;
  /** Tells what the driver is doing before media flows. */
  phase(phase: DriverPhase): void;
  /** The device is connected and works: resets the supervisor's backoff. */
  ready(): void;
}

/** The small picture of a device: another stream of the same view, with a connection of its own. */
export interface SubStream<Config> {
  /** False where the settings say that there is none, or the kind of device has none. Pure. */
  offered(config: Config): boolean;
  /**
   * Serves it as {@link Driver.run} serves the device, on a connection of its own that is there only while somebody wants it.
   * What it is lent is the small picture's own: it publishes under the label "main", and offers no speaker. Throws FatalError
   * `no-sub` when the device turns out to have none.
   */
  run(device: Device, config: Config): Promise<void>;
}

/** Speaks to one kind of device. */
export interface Driver<Config = unknown> {
  /** The word in the configuration's `driver:`, and the folder's name. */
  readonly kind: string;
  /** One line for people: what it is for. */
  readonly summary: string;
  /**
   * Shape of the device's configuration: always `address` (a URL without credentials) and, where the device has them,
   * `username` and `password`; the rest is the driver's own, with defaults, a secret marked `.meta({ secret: true })` so
   * that it is kept sealed. One schema makes type, check and docs page.
   */
  readonly config: z.ZodType<Config>;
  /** What every device of this kind can do, or cannot, where that is sure before one was reached. */
  readonly can?: Readonly<Partial<Record<"view" | "listen" | "talk", "yes" | "no">>>;
  /** How the addresses begin that it may claim, as people write them: `rtsp://`. */
  readonly schemes?: readonly string[];
  /**
   * Its own settings from what go2rtc's users write behind `#` in an address (`#backchannel=0#transport=tcp`); what is of
   * no meaning to it is left out. None are read without it. Pure.
   */
  readonly fromFragment?: (parameters: ReadonlyMap<string, string>) => Readonly<Record<string, unknown>>;
  /** How sure the driver is that `address` is for it: 0 not at all, 1 it could serve it, 2 made for it. Pure. */
  claims(address: URL): 0 | 1 | 2;
  /** The small picture, where this kind of device may have one. */
  readonly sub?: SubStream<Config>;
  /**
   * Serves one device until `device.signal` aborts, then returns. Throws RecoverableError or FatalError when the device
   * is lost or refuses; FatalError with code `wrong-password` for refused credentials. Never retries.
   */
  run(device: Device, config: Config): Promise<void>;
}

/** Types a driver's pieces together; the identity function. */
export function defineDriver<Config>(driver: Driver<Config>): Driver<Config> {
  return driver;
}
