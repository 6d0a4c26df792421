import type { RawData, WebSocket } from "ws";
import type { Hub } from "../../hub/hub.ts";
import type { Ring } from "../../hub/rings.ts";
import type { EndReason } from "../../identity/attachments.ts";
import { callerOf } from "../../identity/behalf.ts";
import type { Principal } from "../../identity/policy.ts";
import { messageOf } from "../../util/errors.ts";
import type { Listeners } from "../../util/listeners.ts";
import { type DeviceView, deviceView } from "../device-view.ts";
import type { Viewings, ViewingTalk } from "../webrtc/viewings.ts";
import type { Happening, Happenings } from "./happenings.ts";
import { type HubMessage, type PageMessage, pageMessageSchema } from "./messages.ts";
import { PageCalls } from "./page-calls.ts";
import { PageTurns } from "./page-turns.ts";
import { PageWatch, watchedDevice } from "./page-watch.ts";

/** Options of {@link PageSocket}. */
export interface PageSocketOptions {
  readonly socket: WebSocket;
  readonly principal: Principal;
  readonly hub: Hub;
  readonly viewings: Pick<Viewings, "onTalk">;
  readonly happenings: Pick<Happenings, "add">;
  readonly changed: Listeners<{ readonly type: "device" | "removed"; readonly id: string }>;
}

/** A page that does not read what it is told for so many bytes is let go. */
const maxBufferedBytes = 1024 * 1024;
const heartbeatMs = 15_000;
/** Messages that a page may send at once, and again each second. */
const burst = 60;

/** One page that listens. It ends with its socket, and its socket with the person's rights. */
export class PageSocket {
  readonly #options: PageSocketOptions;
  readonly #turns: PageTurns;
  readonly #watch: PageWatch;
  readonly #held = new DisposableStack();
  readonly #known = new Set<string>();
  /** Rings that it was told of, and that go on. */
  readonly #rings = new Set<number>();
  #calls: PageCalls | undefined;
  #credit = burst;
  #creditUs: number;
  #heard = true;
  #grouped = false;
  #nextBeat: Disposable | undefined;

  constructor(options: PageSocketOptions) {
    this.#options = options;
    const { hub, principal } = options;
    this.#creditUs = hub.clock.nowUs();
    this.#watch = this.#held.use(new PageWatch(hub.devices, hub.pictures));
    this.#turns = this.#held.use(new PageTurns({ hub, principal, tell: (message) => this.#send(message) }));
  }

  /** Tells the page what there is and goes on until the socket closes. */
  start(): void {
    const { changed, hub, principal, socket } = this.#options;
    socket.once("close", () => this.#held.dispose());
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("pong", () => {
      this.#heard = true;
    });
    this.#held.use(changed.add((event) => this.#tellChange(event)));
    this.#held.use(hub.identity.attachments.attach(principal, (reason) => this.#signOut(reason)));
    this.#held.defer(() => this.#nextBeat?.[Symbol.dispose]());
    this.#beat();
    this.#tellWall();
    this.#held.use(
      hub.identity.walls.onChange((person) => {
        if (person === principal.userId) this.#tellWall();
      }),
    );
    const views = hub.devices.list().map((device) => this.#view(device.id));
    this.#send({ type: "devices", devices: views.filter((view) => view !== undefined) });
    this.#tellGroups();
    this.#held.use(hub.onGroups(() => this.#tellGroups()));
    this.#held.use(hub.reception.onWaiting(() => this.#tellWaiting()));
    if (hub.reception.waiting().length > 0) this.#tellWaiting();
    this.#held.use(hub.rings.onRing((ring) => this.#tellRing(ring)));
    this.#held.use(
      hub.rings.onOver(({ id }) => {
        if (this.#rings.delete(id)) this.#send({ type: "ring-over", id });
      }),
    );
    this.#calls = this.#held.use(new PageCalls({ hub, principal, tell: (message) => this.#send(message) }));
    this.#held.use(this.#options.happenings.add((happening) => this.#tellHappening(happening)));
    this.#held.use(this.#options.viewings.onTalk((talk) => this.#tellMicrophone(talk)));
    const { faults } = hub.identity;
    this.#held.use(faults.onChange(() => this.#tellFaults()));
    if (faults.list().length > 0) this.#tellFaults();
  }

  /** Before the devices at first, so that no wall is shown in another order. Stations and programs have none. */
  #tellWall(): void {
    const { hub, principal } = this.#options;
    if (principal.via !== "session") return;
    this.#send({ type: "wall", layout: hub.identity.walls.of(principal.userId) });
  }

  #tellWaiting(): void {
    const { identity, reception } = this.#options.hub;
    if (!identity.policy.allows(this.#options.principal, "administer")) return;
    this.#send({ type: "waiting", waiting: reception.waiting() });
  }

  #tellHappening({ device, message }: Happening): void {
    if (device === undefined || this.#known.has(device)) this.#send(message);
  }

  #tellMicrophone({ viewing, state }: ViewingTalk): void {
    const { principal } = this.#options;
    // A program that asks for its people is told of all of them on its own line, where it names nobody.
    const isProgram = !principal.behalf && viewing.principal.credentialId === principal.credentialId;
    if (!isProgram && callerOf(viewing.principal) !== callerOf(principal)) return;
    this.#send({ type: "microphone", session: viewing.id, device: viewing.deviceId, ...state });
  }

  /** A station is told when it is rung itself, people when it is a device that they see. */
  #tellRing({ to: _, ...ring }: Ring): void {
    const own = this.#options.principal.deviceId;
    const deviceIds = ring.deviceIds.filter((id) => (own === undefined ? this.#known.has(id) : id === own));
    if (deviceIds.length === 0) return;
    this.#rings.add(ring.id);
    this.#send({ type: "ring", ring: { ...ring, deviceIds } });
  }

  #tellFaults(): void {
    const { policy, faults } = this.#options.hub.identity;
    if (!policy.allows(this.#options.principal, "administer")) return;
    this.#send({ type: "faults", faults: faults.list() });
  }

  /** Groups in which this person sees something; without any there is nothing to tell. */
  #tellGroups(): void {
    const seen = [...this.#options.hub.house().groups].flatMap(([name, ids]) => {
      const own = ids.filter((id) => this.#known.has(id));
      return own.length > 0 ? [[name, own] as const] : [];
    });
    if (seen.length === 0 && !this.#grouped) return;
    this.#grouped = seen.length > 0;
    this.#send({ type: "groups", groups: Object.fromEntries(seen) });
  }

  #signOut(reason: EndReason): void {
    this.#send({ type: "signed-out", reason });
    this.#options.socket.close(4001, reason);
    this.#turns[Symbol.dispose]();
    // A page that does not close its side loses it.
    this.#options.hub.clock.timer(500, () => this.#options.socket.terminate());
  }

  #tellChange(event: { readonly type: "device" | "removed"; readonly id: string }): void {
    const view = event.type === "device" ? this.#view(event.id) : undefined;
    if (view) this.#send({ type: "device", device: view });
    else if (this.#known.delete(event.id)) {
      this.#watch.leave(event.id);
      this.#send({ type: "removed", id: event.id });
    }
  }

  #view(id: string): DeviceView | undefined {
    const { hub, principal } = this.#options;
    const device = hub.devices.get(id);
    const view = device && deviceView(device, { principal, policy: hub.identity.policy });
    if (view) this.#known.add(id);
    return view;
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#heard = true;
    if (!this.#pay()) {
      this.#options.socket.close(1008, "too many messages");
      return;
    }
    const message = isBinary ? undefined : parse(data);
    if (!message) {
      this.#send({ type: "error", code: "invalid", detail: "This message is not understood." });
      return;
    }
    try {
      this.#handle(message);
    } catch (error) {
      this.#options.hub.log.error({ err: error, type: message.type }, `message failed: ${messageOf(error)}`);
      this.#send({ type: "error", code: "internal", detail: "Something went wrong in the hub; its log says more." });
    }
  }

  #handle(message: PageMessage): void {
    if (message.type === "ping") this.#send({ type: "pong" });
    else if (message.type === "call-confirm") this.#calls?.confirm(message.call);
    else if (message.type === "watch")
      this.#watch.set(message.devices.filter((id) => this.#known.has(watchedDevice(id))));
    else if (message.type === "call-picture") this.#calls?.picture(message.call);
    else if (message.type === "talk-take") this.#turns.take(message);
    else this.#turns.release(message.turn);
  }

  /** A token bucket: what floods is closed. */
  #pay(): boolean {
    const nowUs = this.#options.hub.clock.nowUs();
    this.#credit = Math.min(burst, this.#credit + ((nowUs - this.#creditUs) * burst) / 1e6);
    this.#creditUs = nowUs;
    this.#credit--;
    return this.#credit >= 0;
  }

  #beat(): void {
    const { hub, socket } = this.#options;
    if (!this.#heard) {
      socket.terminate();
      return;
    }
    this.#heard = false;
    socket.ping();
    this.#nextBeat = hub.clock.timer(heartbeatMs, () => this.#beat());
  }

  #send(message: HubMessage): void {
    const { socket } = this.#options;
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > maxBufferedBytes) socket.terminate();
    else socket.send(JSON.stringify(message));
  }
}

function parse(data: RawData): PageMessage | undefined {
  try {
    return pageMessageSchema.parse(JSON.parse(String(data)));
  } catch {
    return undefined;
  }
}
