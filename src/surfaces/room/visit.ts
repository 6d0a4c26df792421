import type { Command, Device, DeviceEvent, TrackWriter } from "../../device/driver.ts";
import type { Voice } from "../../hub/voices.ts";
import { opusFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { ReplayWindow } from "../../protocols/room/authentic.ts";
import type { Delivery } from "./deliveries.ts";
import type { RoomStation } from "./stations.ts";

/** Options of {@link Visit}. */
export interface VisitOptions {
  readonly station: RoomStation;
  readonly device: Device;
  /** Its microphone at the hub; the visit disposes it. */
  readonly voice: Voice;
  /** Key of its signatures; none for a legacy device. */
  readonly key: Uint8Array | undefined;
  /** When it was let in, µs of the clock. */
  readonly sinceUs?: number;
  /** Ends what was lent. */
  readonly end: () => void;
}

/** One station that was let in, for as long as it is there. */
export class Visit implements Disposable {
  readonly stationId: string;
  readonly deviceId: string;
  /** Where it was when it was let in. */
  readonly address: string | undefined;
  readonly key: Uint8Array | undefined;
  readonly voice: Voice;
  readonly sinceUs: number;
  #replays = new ReplayWindow();
  readonly #device: Device;
  readonly #track: TrackWriter;
  readonly #over = new AbortController();
  readonly #end: () => void;

  constructor({ station, device, voice, key, sinceUs = 0, end }: VisitOptions) {
    this.stationId = station.id;
    this.deviceId = device.id;
    this.address = station.address;
    this.key = key;
    this.voice = voice;
    this.sinceUs = sinceUs;
    this.#end = end;
    this.#device = device;
    this.#track = device.publish(opusFormat, { sparse: true });
  }

  /** Which of its signed packets came already. */
  get replays(): ReplayWindow {
    return this.#replays;
  }

  /** It counts its packets anew, and said so. */
  startedAnew(): void {
    this.#replays = new ReplayWindow();
  }

  /** A packet of what it says: to those who listen to the device, and to those whom it speaks to. */
  write(frame: Frame, lostBefore: number): void {
    this.#track.write(frame);
    this.voice.write(frame, lostBefore);
  }

  /** What the hub asks of it, until it is over; one reader takes them all. */
  get commands(): AsyncIterable<Command> {
    return this.#device.commands;
  }

  /** Whom its button speaks to. */
  hasButton(button: Omit<Extract<DeviceEvent, { readonly type: "button" }>, "type">): void {
    this.#device.emit({ type: "button", ...button });
  }

  /** How it hears what is sent to all stations, for people. */
  hears({ loss = 0, lossy }: Delivery): void {
    this.#device.emit({ type: "health", values: { multicastLoss: Math.round(loss * 1000) / 1000, unicast: lossy } });
  }

  /** Calls `listener` once, when it is over. */
  onEnd(listener: () => void): void {
    this.#over.signal.addEventListener("abort", listener, { once: true });
  }

  [Symbol.dispose](): void {
    this.#over.abort();
    this.#end();
    this.voice[Symbol.dispose]();
  }
}
