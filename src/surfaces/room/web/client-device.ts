import type { Device } from "../../../device/driver.ts";
import { ClientSpeaker } from "./client-speaker.ts";

/** A connection as its device sees it. */
export interface ClientDeviceEnd {
  /** One frame as it goes over the wire. */
  sound(frame: Uint8Array): void;
  /** Somebody began, or ended, to speak here; what waits of a talk that was cut off is to be thrown away. */
  spoken(speech: "began" | "ended" | "cut off"): void;
  /** The device's own settings are told. */
  settings(): void;
  /** Another connection of the same device has its place; it stays connected and does not fight. */
  replaced(): void;
}

/** Options of {@link ClientDevice}. */
export interface ClientDeviceOptions {
  /** As the hub lent it. */
  readonly device: Device;
  /** Ends the loan: nobody is left. */
  readonly over: AbortController;
}

/**
 * The device that all connections with one name are together: the newest one has its loudspeaker, and when that goes the one
 * before. It is there until the last one goes.
 */
export class ClientDevice {
  readonly id: string;
  readonly signal: AbortSignal;
  readonly #over: AbortController;
  readonly #ends: ClientDeviceEnd[] = [];
  #speeches = 0;

  constructor({ device, over }: ClientDeviceOptions) {
    this.id = device.id;
    this.signal = device.signal;
    this.#over = over;
    device.offerSpeaker(
      new ClientSpeaker({
        clock: device.clock,
        onFrame: (frame) => this.#front?.sound(frame),
        onSpeech: (speech) => {
          this.#speeches += speech === "began" ? 1 : -1;
          this.#front?.spoken(speech);
        },
      }),
    );
    device.ready();
    device.phase("live");
  }

  /** True while somebody is heard here. */
  get spokenTo(): boolean {
    return this.#speeches > 0;
  }

  /** True when no connection has come, or all have gone. */
  get isEmpty(): boolean {
    return this.#ends.length === 0;
  }

  isFront(end: ClientDeviceEnd): boolean {
    return this.#front === end;
  }

  /** This connection has the loudspeaker now. */
  enter(end: ClientDeviceEnd): void {
    const before = this.#front;
    if (before === end) return;
    this.#remove(end);
    this.#ends.push(end);
    before?.replaced();
    end.settings();
    if (this.spokenTo) end.spoken("began");
  }

  /** A connection has gone; the last one takes the device with it. */
  leave(end: ClientDeviceEnd): void {
    const wasFront = this.#front === end;
    this.#remove(end);
    const next = this.#front;
    if (!next) {
      this.#over.abort();
      return;
    }
    if (!wasFront) return;
    next.settings();
    if (this.spokenTo) next.spoken("began");
  }

  /** Nobody is this device any more. */
  end(): void {
    this.#over.abort();
  }

  /** Its settings are told to the one that has its loudspeaker. */
  settingsChanged(): void {
    this.#front?.settings();
  }

  get #front(): ClientDeviceEnd | undefined {
    return this.#ends.at(-1);
  }

  #remove(end: ClientDeviceEnd): void {
    const at = this.#ends.indexOf(end);
    if (at >= 0) this.#ends.splice(at, 1);
  }
}
