import type { RawData, WebSocket } from "ws";
import type { Device } from "../../device/driver.ts";
import type { Hub } from "../../hub/hub.ts";
import type { Arrival } from "../../identity/enrolment.ts";
import type { Viewer, WebRtcWorker } from "../../media/viewer.ts";
import { background } from "../../util/background.ts";
import { DoorwardError, messageOf } from "../../util/errors.ts";
import { type StationEnd, type StationMessage, type StationTold, stationMessageSchema } from "./messages.ts";
import { StationSpeaker } from "./speaker.ts";

/** Options of {@link Station}. */
export interface StationOptions {
  readonly socket: WebSocket;
  readonly hub: Hub;
  readonly webrtc: WebRtcWorker;
  readonly arrival: Arrival & { readonly kind: "page" };
  readonly iceServers: readonly string[];
}

/** Messages that a page may send at once, and again each second. */
const burst = 30;
const heartbeatMs = 15_000;

/**
 * A browser that is a device, for as long as its socket is open: what was lent to it ends with the socket, and the socket
 * with what was lent.
 */
export class Station {
  readonly #options: StationOptions;
  readonly #over = new AbortController();
  readonly #held = new DisposableStack();
  readonly #speaker: StationSpeaker;
  #viewer: Viewer | undefined;
  #offers = 0;
  #touched = false;
  #speaks = true;
  #credit = burst;
  #heard = true;
  #beat: Disposable | undefined;

  constructor(options: StationOptions) {
    this.#options = options;
    const { hub, arrival } = options;
    this.#speaker = this.#held.use(new StationSpeaker({ id: arrival.id, clock: hub.clock }));
  }

  /** Takes the device and goes on until the socket closes. */
  async serve(): Promise<void> {
    const { socket, hub, arrival, iceServers } = this.#options;
    socket.once("close", () => this.#end());
    let device: Device;
    try {
      device = await hub.reception.admit(arrival, this.#over.signal);
    } catch (error) {
      this.#refuse(error);
      return;
    }
    device.signal.addEventListener("abort", () => queueMicrotask(() => this.#lost()), { once: true });
    device.offerSpeaker(this.#speaker);
    device.ready();
    this.#device = device;
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("pong", () => {
      this.#heard = true;
    });
    this.#watch();
    this.#held.use(
      hub.devices.onChange((event) => {
        if (event.type === "device" && event.id === arrival.id) this.#tellSettings();
      }),
    );
    this.#tell({ type: "welcome", id: arrival.id, name: hub.devices.get(arrival.id)?.name ?? arrival.id, iceServers });
    this.#tellSettings();
  }

  #device: Device | undefined;
  #settings = "";

  #receive(data: RawData, isBinary: boolean): void {
    this.#heard = true;
    const message = --this.#credit < 0 || isBinary ? undefined : parse(data);
    if (!message) {
      this.#options.socket.close(1008, "not understood");
      return;
    }
    background(this.#handle(message), (error) => {
      const { log } = this.#options.hub;
      log.warn({ err: error, type: message.type }, `a station's message failed: ${messageOf(error)}`);
    });
  }

  async #handle(message: StationMessage): Promise<void> {
    switch (message.type) {
      case "ping":
        return this.#tell({ type: "pong" });
      case "playable":
        this.#touched = message.playable;
        return this.#judge();
      case "microphone":
        this.#speaks = message.usable;
        return this.#judge();
      case "settings": {
        const { type: _, ...patch } = message;
        await this.#options.hub.devices.update(this.#options.arrival.id, patch);
        return;
      }
      case "speaker-offer":
        return await this.#connect(message.sdp);
    }
  }

  /** Answers the page's offer; the newest one counts. */
  async #connect(offerSdp: string): Promise<void> {
    const number = ++this.#offers;
    const before = this.#viewer;
    this.#viewer = undefined;
    this.#judge();
    await before?.[Symbol.asyncDispose]();
    try {
      const viewer = await this.#options.webrtc.view({
        offerSdp,
        audio: this.#speaker.track,
        acceptMicrophone: false,
      });
      if (number !== this.#offers || this.#over.signal.aborted) {
        await viewer[Symbol.asyncDispose]();
        return;
      }
      this.#viewer = viewer;
      this.#tell({ type: "speaker-answer", sdp: viewer.answerSdp });
      this.#judge();
      const gone = () => {
        if (this.#viewer !== viewer) return;
        this.#viewer = undefined;
        this.#judge();
        this.#tell({ type: "speaker-failed", detail: "its connection was lost" });
      };
      viewer.closed.then(gone, gone);
    } catch (error) {
      this.#tell({ type: "speaker-failed", detail: messageOf(error) });
    }
  }

  #judge(): void {
    this.#speaker.audible = !this.#touched ? "untouched" : this.#viewer ? "yes" : "unconnected";
    this.#device?.emit({ type: "health", values: { plays: this.#touched, speaks: this.#speaks } });
    this.#device?.phase(this.#viewer ? "live" : "connecting");
  }

  #tellSettings(): void {
    const { hub, arrival } = this.#options;
    const device = hub.devices.get(arrival.id);
    if (!device) return;
    const { name, doNotDisturb, muted, volume } = device.settings;
    const told = JSON.stringify([name, doNotDisturb, muted, volume]);
    if (told === this.#settings) return;
    this.#settings = told;
    this.#tell({ type: "settings", name, doNotDisturb, muted, volume });
  }

  /** What was lent came to an end: the page is told why. */
  #lost(): void {
    if (this.#over.signal.aborted) return;
    this.#close(this.#why());
  }

  #why(): StationEnd {
    const { hub, arrival } = this.#options;
    const { id, token = "" } = arrival;
    const device = hub.devices.get(id);
    if (!device || !hub.reception.knows({ id, token })) return "revoked";
    if (!device.settings.enabled) return "disabled";
    return device.state.phase === "away" ? "again" : "taken-over";
  }

  #refuse(error: unknown): void {
    const code = error instanceof DoorwardError ? error.code : "";
    const reasons: Readonly<Record<string, StationEnd>> = {
      taken: "taken-over",
      disabled: "disabled",
      refused: "revoked",
      pending: "revoked",
    };
    this.#close(reasons[code] ?? "again", messageOf(error));
  }

  #close(reason: StationEnd, detail?: string): void {
    const { socket, hub } = this.#options;
    this.#tell({ type: "over", reason, ...(detail !== undefined && { detail }) });
    socket.close(4003, reason);
    hub.clock.timer(500, () => socket.terminate());
    this.#end();
  }

  #end(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#beat?.[Symbol.dispose]();
    this.#held.dispose();
    const viewer = this.#viewer;
    this.#viewer = undefined;
    if (!viewer) return;
    background(viewer[Symbol.asyncDispose](), (err) =>
      this.#options.hub.log.error({ err }, "a station's speaker did not close cleanly"),
    );
  }

  /** A page that hears nothing any more is let go of, and one that floods has its credit again each beat. */
  #watch(): void {
    const { socket, hub } = this.#options;
    const beat = (left: number) => {
      this.#credit = Math.min(burst, this.#credit + burst);
      if (left === 0) {
        if (!this.#heard) return socket.terminate();
        this.#heard = false;
        socket.ping();
      }
      this.#beat = hub.clock.timer(1000, () => beat(left === 0 ? heartbeatMs / 1000 : left - 1));
    };
    beat(0);
  }

  #tell(message: StationTold): void {
    const { socket } = this.#options;
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  }
}

function parse(data: RawData): StationMessage | undefined {
  try {
    return stationMessageSchema.parse(JSON.parse(String(data)));
  } catch {
    return undefined;
  }
}
