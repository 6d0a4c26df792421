import type { Device } from "../../device/driver.ts";
import type { Hub } from "../../hub/hub.ts";
import { signallingCloses } from "../../protocols/signalling/limits.ts";
import type { fromAgent, MessageOf, SignalIceServer, toAgent } from "../../protocols/signalling/messages.ts";
import { background } from "../../util/background.ts";
import { DoorwardError, FatalError, messageOf } from "../../util/errors.ts";
import { toName } from "../../util/name.ts";
import type { SignalLink } from "./link.ts";
import type { Candidate, Watch, WatchEnd, WatchEndpoint, Watches } from "./watches.ts";

/** An agent's connection. */
export type AgentLink = SignalLink<typeof fromAgent, typeof toAgent>;

/** Options of {@link Agents}. */
export interface AgentsOptions {
  readonly hub: Pick<Hub, "reception" | "devices" | "clock" | "log">;
  readonly watches: Watches;
  readonly maxAgents: number;
  /** Servers for the agent's end of one session, by the session's label. */
  readonly iceServers: (label: string) => readonly SignalIceServer[];
  /** What a device said that it is called when it registered. */
  readonly nameOf: (deviceId: string) => string | undefined;
  /** Fetches an agent's picture for the hub itself. */
  readonly relay: (agent: Agent, device: Device) => Fetching;
}

/** What fetches an agent's picture while it is wanted. */
export interface Fetching extends Disposable {
  want(wanted: boolean): void;
}

/** The device that an agent is: ids of devices are lower-case and have no underscores. */
export function deviceIdOf(agentId: string): string {
  return agentId
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 48);
}

/** One agent that was let in, until its connection or its loan ends. */
export class Agent implements WatchEndpoint {
  readonly deviceId: string;
  /** As it calls itself. */
  readonly ownId: string;
  readonly link: AgentLink;
  /** What it plays sound by, if it does. */
  readonly speaker: { readonly echoCancelling: boolean } | undefined;
  readonly #sessions = new Set<Watch>();
  readonly #options: Pick<AgentsOptions, "watches" | "iceServers">;

  constructor(
    who: Pick<Agent, "deviceId" | "ownId" | "link" | "speaker">,
    options: Pick<AgentsOptions, "watches" | "iceServers">,
  ) {
    this.deviceId = who.deviceId;
    this.ownId = who.ownId;
    this.link = who.link;
    this.speaker = who.speaker;
    this.#options = options;
  }

  /** Asks it to make itself ready for somebody who watches, and may speak there or not. */
  ask(watch: Watch, who: { readonly user_id: string; readonly talk: boolean; readonly hub?: boolean }): void {
    this.#sessions.add(watch);
    const ice_servers = [...this.#options.iceServers(`device_${this.ownId}_${watch.id}`)];
    this.link.tell("watch_request", { session_id: watch.id, ...who, ice_servers });
  }

  description(watch: Watch, sdp: string): void {
    this.link.tell("signal_offer", { session_id: watch.id, sdp: { type: "offer", sdp } });
  }

  candidate(watch: Watch, candidate: Candidate): void {
    this.link.tell("signal_ice", { session_id: watch.id, candidate });
  }

  ended(watch: Watch, reason: WatchEnd): void {
    this.#sessions.delete(watch);
    this.link.tell("watch_ended", { session_id: watch.id, reason });
  }

  /** A message of its own. */
  receive(message: MessageOf<typeof fromAgent>): void {
    const { payload, requestId } = message;
    if (message.type === "heartbeat") this.link.tell("heartbeat_ack", {}, { requestId });
    if (!("session_id" in payload)) return;
    const { watches } = this.#options;
    const watch = [...this.#sessions].find(({ id }) => id === payload.session_id);
    if (!watch) {
      this.link.tell("error", { message: "Session not found", code: "no-session" }, { requestId });
      return;
    }
    if (message.type === "signal_answer") {
      watches.answered(watch.id);
      watch.viewer.description(watch, message.payload.sdp.sdp);
    } else if (message.type === "signal_ice") watch.viewer.candidate(watch, message.payload.candidate);
    else if (message.type === "end_watch") {
      this.#sessions.delete(watch);
      watches.end(watch.id, "device_disconnected", this);
    }
  }

  /** It is gone: everybody who watches it is told. */
  leave(): void {
    for (const watch of [...this.#sessions]) this.#options.watches.end(watch.id, "device_disconnected", this);
    this.#sessions.clear();
  }
}

/** All agents that are connected. Its owner disposes it. */
export class Agents implements Disposable {
  readonly #agents = new Map<string, Agent>();
  readonly #links = new Set<AgentLink>();
  readonly #seenMs = new Map<string, number>();
  readonly #options: AgentsOptions;

  constructor(options: AgentsOptions) {
    this.#options = options;
  }

  /** How many are there. */
  get size(): number {
    return this.#agents.size;
  }

  /** The one that is this device, while it is there. */
  get(deviceId: string): Agent | undefined {
    return this.#agents.get(deviceId);
  }

  /** Wall-clock milliseconds at which a device was there last; undefined when it was not since the hub began. */
  lastSeenMs(deviceId: string): number | undefined {
    return this.#agents.has(deviceId) ? this.#options.hub.clock.wallMs() : this.#seenMs.get(deviceId);
  }

  /** An agent has connected; `welcome` is called when it was let in. */
  connected(link: AgentLink, welcome: (who: string) => void): void {
    let agent: Agent | undefined;
    let entering = false;
    const over = new AbortController();
    this.#links.add(link);
    link.start({
      message: (message) => {
        if (agent) {
          if (message.type === "hello") this.#greet(agent, message.requestId);
          else agent.receive(message);
          return;
        }
        // A second hello before the first was answered would be a second connection of the device.
        if (message.type !== "hello" || entering || over.signal.aborted) return;
        entering = true;
        background(
          this.#enter(link, { hello: message, signal: over.signal }).then((entered) => {
            agent = entered;
            if (entered) welcome(`agent:${entered.deviceId}`);
          }),
          (err) => this.#options.hub.log.error({ err }, "an agent was not let in"),
        );
      },
      end: () => {
        this.#links.delete(link);
        over.abort();
      },
    });
  }

  [Symbol.dispose](): void {
    for (const link of [...this.#links]) link[Symbol.dispose]();
  }

  async #enter(
    link: AgentLink,
    how: { readonly hello: MessageOf<typeof fromAgent>; readonly signal: AbortSignal },
  ): Promise<Agent | undefined> {
    if (how.hello.type !== "hello") return undefined;
    const { payload, requestId } = how.hello;
    const ownId = payload.device_id;
    if (ownId === undefined) return this.#refuse(link, { code: signallingCloses.refused, reason: "Missing device_id" });
    if (this.#agents.size >= this.#options.maxAgents) {
      return this.#refuse(link, { code: signallingCloses.refused, reason: "Too many devices" });
    }
    try {
      const agent = await this.#admit(link, { ownId, payload, signal: how.signal });
      this.#greet(agent, requestId);
      return agent;
    } catch (error) {
      if (!(error instanceof DoorwardError)) throw error;
      link.tell("error", { message: messageOf(error), code: error.code }, { requestId });
      const deviceId = deviceIdOf(ownId);
      const reason = error.code === "refused" ? this.#reasonFor(deviceId) : messageOf(error);
      return this.#refuse(link, { code: closeOf(error), reason });
    }
  }

  async #admit(
    link: AgentLink,
    how: {
      readonly ownId: string;
      readonly payload: Extract<MessageOf<typeof fromAgent>, { readonly type: "hello" }>["payload"];
      readonly signal: AbortSignal;
    },
  ): Promise<Agent> {
    const { ownId, payload, signal } = how;
    const { hub, relay } = this.#options;
    const token = payload.token ?? link.token;
    const deviceId = deviceIdOf(ownId);
    const said = payload.device_name && toName(payload.device_name, { fallback: deviceId });
    const name = said ?? this.#options.nameOf(deviceId);
    const arrival = {
      kind: "agent",
      id: deviceId,
      address: link.address,
      ...(name !== undefined && { name }),
      ...(token !== undefined && { token, claims: payload.claims === true }),
    } as const;
    if (payload.yields) this.#refuseTaken(arrival);
    let relayed: Fetching | undefined;
    const device = await hub.reception.admit(arrival, signal, (wanted) => relayed?.want(wanted));
    const speaker = payload.speaker ? { echoCancelling: payload.echo_cancelling === true } : undefined;
    const agent = new Agent({ deviceId, ownId, link, speaker }, this.#options);
    relayed = relay(agent, device);
    this.#agents.set(deviceId, agent);
    device.ready();
    device.phase("idle");
    device.signal.addEventListener("abort", () => this.#left(agent, relayed), { once: true });
    if (device.signal.aborted) this.#left(agent, relayed);
    hub.log.info({ device: deviceId, address: link.address }, `camera agent ${ownId} is there`);
    return agent;
  }

  /** Two agents of one name do not take each other's place again and again. */
  #refuseTaken(arrival: Parameters<Hub["reception"]["check"]>[0]): void {
    this.#options.hub.reception.check(arrival);
    if (!this.#agents.has(arrival.id)) return;
    throw new FatalError("Another agent of this name is connected: end it, or give this one a name of its own", {
      code: "taken",
    });
  }

  /** Its connection ended, a newer one came, or it was taken away. */
  #left(agent: Agent, relayed: Fetching | undefined): void {
    const { hub } = this.#options;
    relayed?.[Symbol.dispose]();
    agent.leave();
    this.#seenMs.set(agent.deviceId, hub.clock.wallMs());
    if (this.#agents.get(agent.deviceId) === agent) this.#agents.delete(agent.deviceId);
    if (!agent.link.isOpen) return;
    // A newer connection has its place by then, if that is why.
    hub.clock.timer(0, () => {
      const replaced = this.#agents.has(agent.deviceId);
      const [code, reason] = replaced
        ? [signallingCloses.replaced, "Replaced by a newer connection of this device"]
        : [signallingCloses.refused, "The device was taken away or changed"];
      agent.link.close(code, reason);
    });
  }

  /** As the seed has it; what exactly was wrong is told by the error before. */
  #reasonFor(deviceId: string): string {
    return this.#options.hub.reception.isEnrolled(deviceId) ? "Invalid token" : "Device not found";
  }

  #greet(agent: Agent, requestId: string | undefined): void {
    const server_time = new Date(this.#options.hub.clock.wallMs()).toISOString();
    agent.link.tell("hello_ack", { device_id: agent.ownId, server_time }, { requestId });
  }

  #refuse(link: AgentLink, how: { readonly code: number; readonly reason: string }): undefined {
    link.close(how.code, how.reason);
    return undefined;
  }
}

function closeOf({ code }: DoorwardError): number {
  if (code === "pending") return signallingCloses.pending;
  return code === "taken" ? signallingCloses.replaced : signallingCloses.refused;
}
