import type { Device } from "../../device/driver.ts";
import type { AskedPublisher, IceCandidate, PublishWorker } from "../../media/viewer.ts";
import { libraryIceServers } from "../../protocols/signalling/ice.ts";
import type { SignalIceServer } from "../../protocols/signalling/messages.ts";
import { background } from "../../util/background.ts";
import { backoffDelayMs } from "../../util/backoff.ts";
import { messageOf } from "../../util/errors.ts";
import { LateTracks } from "../webrtc/late-tracks.ts";
import { AgentSpeaker } from "./agent-speaker.ts";
import type { Agent } from "./agents.ts";
import type { Candidate, Watch, WatchEnd, WatchEndpoint, Watches } from "./watches.ts";

/** Options of {@link Relay}. */
export interface RelayOptions {
  readonly agent: Agent;
  readonly device: Device;
  readonly watches: Watches;
  readonly publishers: Pick<PublishWorker, "ask">;
  /** Servers for the hub's own end of one session, by its label. */
  readonly iceServers: (label: string) => readonly SignalIceServer[];
}

const retry = { firstMs: 1000, maxMs: 30_000 } as const;

/**
 * Fetches an agent's picture and sound for the hub, and brings it what is spoken there: while anybody wants the device the hub is one viewer of the agent, and
 * serves all others, so that the agent's uplink carries it once. Its owner disposes it.
 */
export class Relay implements WatchEndpoint, Disposable {
  readonly #options: RelayOptions;
  #wanted = false;
  #closed = false;
  #attempt = 0;
  #retry: Disposable | undefined;
  /** The session under way, and what takes it in. */
  #running: { readonly watch: Watch; readonly publisher: AskedPublisher; readonly tracks: LateTracks } | undefined;
  #opening = false;
  readonly #speaker: AgentSpeaker | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
    const { agent, device } = options;
    const { deviceId, speaker } = agent;
    this.#speaker = speaker && new AgentSpeaker({ deviceId, ...speaker, clock: device.clock, log: device.log });
    if (this.#speaker) device.offerSpeaker(this.#speaker);
  }

  /** Whether anybody wants the device now. */
  want(wanted: boolean): void {
    if (this.#closed || wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#attempt = 0;
    this.#retry?.[Symbol.dispose]();
    if (wanted) this.#begin();
    else this.#stop("user_ended");
  }

  description(watch: Watch, sdp: string): void {
    const running = this.#running;
    if (running?.watch !== watch) return;
    const told = running.publisher.answered(sdp).then((candidates) => {
      if (this.#running !== running) return;
      for (const one of candidates) this.#options.agent.candidate(watch, { ...one, sdpMLineIndex: 0 });
    });
    background(told, (error) => {
      if (this.#running !== running) return;
      this.#options.device.log.warn({ err: error }, `the agent's picture cannot be taken: ${messageOf(error)}`);
      this.#stop("error");
      this.#again();
    });
  }

  candidate(watch: Watch, candidate: Candidate): void {
    if (this.#running?.watch !== watch || !candidate) return;
    this.#running.publisher.addCandidate({ candidate: candidate.candidate, sdpMid: candidate.sdpMid ?? "0" });
  }

  ended(watch: Watch, reason: WatchEnd): void {
    if (this.#running?.watch !== watch) return;
    this.#options.device.log.info({ reason }, "the agent's picture ended");
    this.#let();
    this.#again();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#wanted = false;
    this.#retry?.[Symbol.dispose]();
    this.#stop("device_disconnected");
    this.#speaker?.[Symbol.dispose]();
  }

  #begin(): void {
    if (this.#opening || this.#running || !this.#wanted) return;
    this.#opening = true;
    this.#options.device.phase("connecting");
    const opened = this.#open().finally(() => {
      this.#opening = false;
      if (!this.#wanted) this.#stop("user_ended");
    });
    // Who came while it was given up on somebody's leaving wants it, too.
    background(
      opened.then(() => this.#begin()),
      (error) => {
        this.#options.device.log.warn({ err: error }, `the agent was not asked for its picture: ${messageOf(error)}`);
        this.#again();
      },
    );
  }

  async #open(): Promise<void> {
    const { agent, device, publishers, watches, iceServers } = this.#options;
    const tracks = new LateTracks();
    tracks.lend(device);
    const publisher = await publishers.ask({
      onTrack: (...track) => {
        this.#attempt = 0;
        return tracks.onTrack(...track);
      },
      sound: this.#speaker?.track,
      iceServers: libraryIceServers(iceServers(`hub_${agent.ownId}`)),
      onCandidate: (candidate) => this.#found(publisher, candidate),
    });
    if (!this.#wanted) return await publisher[Symbol.asyncDispose]();
    const watch = watches.begin({ deviceId: agent.deviceId, viewer: this, agent });
    const running = { watch, publisher, tracks };
    this.#running = running;
    this.#speaker?.begins(publisher);
    agent.ask(watch, { user_id: "hub", talk: true, hub: true });
    agent.description(watch, publisher.offerSdp);
    background(
      publisher.closed.then((reason) => {
        if (this.#running !== running) return;
        device.log.info({ reason }, "the agent's picture ended");
        this.#stop("error");
        this.#again();
      }),
      (err) => device.log.error({ err }, "a relayed picture did not end cleanly"),
    );
  }

  /** A candidate of ours that was found after the agent's answer was taken. */
  #found(publisher: AskedPublisher, candidate: IceCandidate | null): void {
    const running = this.#running;
    if (running?.publisher !== publisher) return;
    this.#options.agent.candidate(running.watch, candidate && { ...candidate, sdpMLineIndex: 0 });
  }

  #stop(reason: WatchEnd): void {
    const { watches, device } = this.#options;
    if (this.#running) watches.end(this.#running.watch.id, reason, this);
    this.#let();
    if (!this.#wanted) device.phase("idle");
  }

  #let(): void {
    if (!this.#running) return;
    const { publisher, tracks } = this.#running;
    this.#running = undefined;
    this.#speaker?.ends();
    tracks.pause();
    background(publisher[Symbol.asyncDispose](), (err) =>
      this.#options.device.log.error({ err }, "a relayed picture did not close"),
    );
  }

  #again(): void {
    if (!this.#wanted) return;
    const { clock } = this.#options.device;
    this.#retry?.[Symbol.dispose]();
    this.#retry = clock.timer(backoffDelayMs(this.#attempt++, retry), () => this.#begin());
  }
}
