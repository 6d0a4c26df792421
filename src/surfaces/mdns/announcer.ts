import type { NetworkInterfaceInfo } from "node:os";
import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import { every } from "../../util/every.ts";
import type { Log } from "../../util/log.ts";
import { Serial } from "../../util/serial.ts";
import type { Announcement, Announcing } from "../../workers/mdns/index.ts";
import { type Announced, announcementOf } from "./announcement.ts";

/** Options of {@link Announcer}. */
export interface AnnouncerOptions extends Omit<Announced, "interfaces"> {
  /** `os.networkInterfaces`. */
  readonly interfaces: () => NodeJS.Dict<NetworkInterfaceInfo[]>;
  /** Begins to announce. */
  readonly announce: (announcement: Announcement) => Announcing;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often it is looked whether the machine's networks are others. */
const lookMs = 10_000;

/**
 * Keeps the hub announced while its machine's networks come and go, and begins again where announcing ended by itself. What the
 * library sees by itself, another address on the same interface, goes on without a goodbye.
 */
export class Announcer implements AsyncDisposable {
  readonly #options: AnnouncerOptions;
  readonly #steps = new Serial();
  readonly #looking: Disposable;
  #current: { readonly interfaces: string; readonly announcing: Announcing } | undefined;
  #ended = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#looking = every(options.clock, lookMs, () => this.#lookSoon());
    this.#lookSoon();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#looking[Symbol.dispose]();
    await this.#steps.run(() => this.#stop());
  }

  #lookSoon(): void {
    const { log } = this.#options;
    background(
      this.#steps.run(() => this.#look()),
      (err) => log.error({ err }, "the hub was not announced on the network"),
    );
  }

  async #look(): Promise<void> {
    if (this.#ended) return;
    const { reached, id, version, machine, interfaces, announce } = this.#options;
    const announcement = announcementOf({ reached, id, version, machine, interfaces: interfaces() });
    const named = announcement ? [...announcement.interfaces, announcement.ipv4Only].join(" ") : "";
    if (this.#current?.announcing.stands && this.#current.interfaces === named) return;
    await this.#stop();
    if (announcement) this.#current = { interfaces: named, announcing: announce(announcement) };
  }

  async #stop(): Promise<void> {
    const former = this.#current;
    this.#current = undefined;
    await former?.announcing[Symbol.asyncDispose]();
  }
}
