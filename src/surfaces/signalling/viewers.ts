import type { HubDevice } from "../../hub/api.ts";
import type { Hub } from "../../hub/hub.ts";
import { mayUse } from "../../hub/reach.ts";
import type { Principal } from "../../identity/policy.ts";
import { signallingCloses } from "../../protocols/signalling/limits.ts";
import type { fromViewer, MessageOf, SignalIceServer, toViewer } from "../../protocols/signalling/messages.ts";
import { addressBlock } from "../../util/address-block.ts";
import { background } from "../../util/background.ts";
import { DoorwardError, messageOf } from "../../util/errors.ts";
import type { Viewings } from "../webrtc/viewings.ts";
import { type Agents, deviceIdOf } from "./agents.ts";
import { HubEnd } from "./hub-end.ts";
import type { SignalLink } from "./link.ts";
import { ViewerTalks } from "./viewer-talks.ts";
import type { Candidate, Watch, WatchEnd, WatchEndpoint, Watches } from "./watches.ts";

/** A viewer's connection. */
export type ViewerLink = SignalLink<typeof fromViewer, typeof toViewer>;

/** Options of {@link Viewers}. */
export interface ViewersOptions {
  readonly hub: Pick<Hub, "identity" | "devices" | "turns" | "voices" | "clock" | "log">;
  readonly agents: Agents;
  readonly watches: Watches;
  readonly viewings: Pick<Viewings, "open">;
  /** How an agent is watched unless the viewer says otherwise. */
  readonly watch: "direct" | "relayed";
  /** Servers for the viewer's end of one session, by the session's label. */
  readonly iceServers: (label: string) => readonly SignalIceServer[];
}

type Asked<Type extends keyof typeof fromViewer> = Extract<MessageOf<typeof fromViewer>, { readonly type: Type }>;

/** All viewers that speak the agents' protocol: each acts with the rights of the token that it showed. Its owner disposes it. */
export class Viewers implements Disposable {
  readonly #links = new Set<ViewerLink>();
  readonly #options: ViewersOptions;

  constructor(options: ViewersOptions) {
    this.#options = options;
  }

  /** How many are connected. */
  get size(): number {
    return this.#links.size;
  }

  /** A viewer has connected; `welcome` is called when it showed who it is. */
  connected(link: ViewerLink, welcome: (who: string) => void): void {
    const { hub } = this.#options;
    let viewer: Viewer | undefined;
    this.#links.add(link);
    link.start({
      message: (message) => {
        if (message.type !== "hello") {
          viewer?.receive(message);
          return;
        }
        const principal = this.#principalOf(link, message);
        if (!principal) return;
        if (!viewer) {
          viewer = new Viewer(principal, { ...this.#options, link });
          // What it may do changed: it comes again and is asked anew.
          const end = () =>
            link.close(signallingCloses.refused, "Your rights were changed, or the token was taken away");
          link.held.use(hub.identity.attachments.attach(principal, end));
          welcome(principal.userId);
        }
        const server_time = new Date(hub.clock.wallMs()).toISOString();
        link.tell("hello_ack", { user_id: viewer.userId, server_time }, { requestId: message.requestId });
      },
      end: () => {
        this.#links.delete(link);
        viewer?.leave();
      },
    });
  }

  [Symbol.dispose](): void {
    for (const link of [...this.#links]) link[Symbol.dispose]();
  }

  #principalOf(link: ViewerLink, hello: Asked<"hello">): Principal | undefined {
    const token = hello.payload.token ?? link.token;
    const principal = token === undefined ? undefined : this.#options.hub.identity.credentials.find(token);
    if (principal?.via === "token") return principal;
    link.close(signallingCloses.refused, token === undefined ? "Missing token" : "Invalid token");
    return undefined;
  }
}

/** One viewer that showed who it is. */
class Viewer implements WatchEndpoint {
  readonly #principal: Principal;
  readonly #sessions = new Map<string, Watch>();
  readonly #talks: ViewerTalks;
  readonly #options: ViewersOptions & { readonly link: ViewerLink };

  constructor(principal: Principal, options: ViewersOptions & { readonly link: ViewerLink }) {
    this.#principal = principal;
    this.#options = options;
    const { hub, link } = options;
    this.#talks = new ViewerTalks({ hub, principal, tell: (talk) => link.tell("talk_state", talk) });
  }

  get userId(): string {
    return this.#principal.userId;
  }

  description(watch: Watch, sdp: string): void {
    this.#options.link.tell("signal_answer", { session_id: watch.id, sdp: { type: "answer", sdp } });
  }

  candidate(watch: Watch, candidate: Candidate): void {
    this.#options.link.tell("signal_ice", { session_id: watch.id, candidate });
  }

  ended(watch: Watch, reason: WatchEnd): void {
    this.#sessions.delete(watch.id);
    this.#talks.end(watch.id);
    this.#options.link.tell("watch_ended", { session_id: watch.id, reason });
  }

  receive(message: MessageOf<typeof fromViewer>): void {
    if (message.type === "heartbeat") this.#options.link.tell("heartbeat_ack", {}, { requestId: message.requestId });
    else if (message.type === "watch_request") this.#watch(message);
    else if (message.type === "signal_offer") {
      const watch = this.#find(message);
      watch?.agent.description(watch, message.payload.sdp.sdp);
    } else if (message.type === "signal_ice") {
      const watch = this.#find(message);
      watch?.agent.candidate(watch, message.payload.candidate);
    } else if (message.type === "talk_request") {
      const watch = this.#find(message);
      if (watch) this.#talks.begin(watch);
    } else if (message.type === "talk_end") {
      if (this.#find(message)) this.#talks.end(message.payload.session_id);
    } else if (message.type === "end_watch") {
      const watch = this.#find(message);
      if (!watch) return;
      this.#sessions.delete(watch.id);
      this.#talks.end(watch.id);
      this.#options.watches.end(watch.id, "user_ended", this);
    }
  }

  /** It is gone: nobody goes on sending to it. */
  leave(): void {
    this.#talks[Symbol.dispose]();
    for (const id of this.#sessions.keys()) this.#options.watches.end(id, "viewer_disconnected", this);
    this.#sessions.clear();
  }

  #watch({ payload, requestId }: Asked<"watch_request">): void {
    const { hub, agents, watches, link, iceServers } = this.#options;
    const device = hub.devices.get(deviceIdOf(payload.device_id)) ?? hub.devices.get(payload.device_id);
    if (!device || !mayUse(hub.identity.policy, { principal: this.#principal, right: "view", device })) {
      link.tell("error", { message: "Device not found", code: "not-found" }, { requestId });
      return;
    }
    const agent = agents.get(device.id);
    if (device.info().kind === "agent" && !agent) {
      link.tell("error", { message: "Device is offline", code: "offline" }, { requestId });
      return;
    }
    const direct = agent && this.#isDirect(device, payload.relayed) ? agent : undefined;
    const deviceId = device.id;
    const watch = watches.begin({ deviceId, viewer: this, agent: direct ?? this.#hubEnd(deviceId) });
    this.#sessions.set(watch.id, watch);
    const ice_servers = [...iceServers(`viewer_${this.userId}_${watch.id}`)];
    link.tell("watch_ready", { session_id: watch.id, ice_servers, relayed: !direct }, { requestId });
    const talk = mayUse(hub.identity.policy, { principal: this.#principal, right: "talk", device });
    direct?.ask(watch, { user_id: this.userId, talk });
    // Its picture does not pass the hub: that somebody looks is written down here.
    if (direct) hub.identity.audit.record({ actor: this.#principal.name, action: "view", subject: deviceId });
  }

  /** The device's own setting spares its uplink; else the viewer's wish, then the device's, then the hub's. */
  #isDirect({ settings }: HubDevice, relayed: boolean | undefined): boolean {
    if (settings.watch === "relayed") return false;
    if (relayed !== undefined) return !relayed;
    return (settings.watch === "auto" ? this.#options.watch : settings.watch) === "direct";
  }

  #hubEnd(deviceId: string): HubEnd {
    const { hub, viewings, watches, link } = this.#options;
    return new HubEnd({
      watches,
      open: async (offerSdp, signal) => {
        const device = hub.devices.get(deviceId);
        if (!device) throw new DoorwardError("the device is no more", { code: "not-found" });
        const principal = this.#principal;
        const asker = { person: principal.userId, device: deviceId, block: addressBlock(link.address) };
        return await viewings.open({ principal, device, offerSdp, asker, signal });
      },
      failed: (watch, error) => {
        const code = error instanceof DoorwardError ? error.code : "failed";
        link.tell("error", { message: messageOf(error), code, session_id: watch.id });
        if (!(error instanceof DoorwardError)) hub.log.error({ err: error }, "a picture was not opened");
      },
      background: (work) => background(work, (err) => hub.log.error({ err }, "a picture did not end cleanly")),
    });
  }

  /** A session of its own; about any other it is told that there is none. */
  #find(message: Asked<"signal_offer" | "signal_ice" | "end_watch" | "talk_request" | "talk_end">): Watch | undefined {
    const { session_id } = message.payload;
    const watch = this.#sessions.get(session_id);
    if (watch) return watch;
    const told = { message: "Session not found", code: "no-session", session_id };
    this.#options.link.tell("error", told, { requestId: message.requestId });
    return undefined;
  }
}
