import type { Viewer, ViewRequest, WebRtcWorker } from "../../media/viewer.ts";
import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import { RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { WorkerProcess } from "../process.ts";
import { machineUs } from "./child/time.ts";
import { type EngineChoice, EngineChooser } from "./engine/choose.ts";
import type { FromChild, ToChild } from "./messages.ts";
import { startNodeChild } from "./node-link.ts";
import { type AnswerPlan, planAnswer } from "./offer.ts";
import { SharedTracks } from "./shared-tracks.ts";
import { ShownVideo } from "./shown-video.ts";
import { type ViewerLink, WorkerViewer } from "./viewer.ts";

export type { IceCandidate, Viewer, ViewerStats, ViewRequest, WebRtcWorker } from "../../media/viewer.ts";

/** Options of {@link createWebRtcWorker}. */
export interface WebRtcWorkerOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The one UDP port of all viewers; any free one by default. */
  readonly udpPort?: number;
  /** `stun:host:port` or `turn:user:password@host:port`, for viewers outside the network. */
  readonly iceServers?: readonly string[];
  /** IP addresses under which this machine is also reached, e.g. the host's when it runs in a container. */
  readonly announceAddresses?: readonly string[];
  /** Patterns (`docker*`) of names of interfaces whose addresses nobody is told. */
  readonly leaveOutInterfaces?: readonly string[];
  /** Which child serves viewers; "auto" by default. */
  readonly engine?: EngineChoice;
  /** The process ends when it had no viewer for this time; 30 s by default. */
  readonly idleMs?: number;
  /** Node's own options for the process in TypeScript. */
  readonly execArgv?: readonly string[];
}

/** The hub's side of the WebRTC worker. Its owner disposes it. */
export function createWebRtcWorker(options: WebRtcWorkerOptions): WebRtcWorker {
  return new HubSide(options);
}

class HubSide implements WebRtcWorker, ViewerLink {
  readonly #process: WorkerProcess<ToChild, FromChild>;
  readonly #tracks: SharedTracks;
  readonly #viewers = new Map<number, WorkerViewer>();
  readonly #options: WebRtcWorkerOptions;
  readonly #chooser: EngineChooser;
  #lastViewer = 0;

  constructor(options: WebRtcWorkerOptions) {
    this.#options = options;
    const { engine = "auto", iceServers = [], clock, log } = options;
    this.#chooser = new EngineChooser({ engine, iceServers, clock, log });
    this.#process = new WorkerProcess({
      name: "webrtc worker",
      module: () => this.#chooser.open() ?? startNodeChild(options.execArgv),
      clock: options.clock,
      log: options.log,
      ...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }),
      onStart: () => this.#configure(),
      onMessage: (message) => this.#receive(message),
      onLost: () => this.#lost(),
    });
    this.#tracks = new SharedTracks({ post: (message, onSent) => this.post(message, onSent), log: options.log });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get engine(): "native" | "node" {
    return this.#chooser.opened;
  }

  async view(request: ViewRequest): Promise<Viewer> {
    const plan = planAnswer(request.offerSdp, request);
    if (plan.withoutSound) {
      this.#options.log.warn({ track: request.audio?.id }, "viewer gets no sound: its offer lacks the sound's codec");
    }
    using held = new DisposableStack();
    held.use(await this.#lease());
    const viewer = this.#newViewer(request, { plan, held });
    await viewer.answered;
    return viewer;
  }

  expect(): Disposable {
    const held = new DisposableStack();
    const lease = this.#lease().then((one) => (held.disposed ? one[Symbol.dispose]() : held.use(one)));
    background(lease, (err) =>
      this.#options.log.debug({ err }, "the webrtc worker did not start before it was needed"),
    );
    return held;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#viewers.values()].map((viewer) => viewer[Symbol.asyncDispose]()));
    await this.#process[Symbol.asyncDispose]();
  }

  /** When the native engine cannot be started, the child in TypeScript serves instead. */
  async #lease(): Promise<Disposable> {
    try {
      return await this.#process.lease();
    } catch (error) {
      if (!this.#chooser.giveUp(error)) throw error;
      return await this.#process.lease();
    }
  }

  post(message: ToChild, onSent?: () => void): void {
    this.#process.post(message, onSent);
  }

  #newViewer(
    request: ViewRequest,
    service: { readonly plan: AnswerPlan; readonly held: DisposableStack },
  ): WorkerViewer {
    const { plan, held } = service;
    const id = ++this.#lastViewer;
    const sends = (kind: "video" | "audio") => plan.sections.some((one) => one.kind === kind && one.sending);
    const video = held.use(new ShownVideo((track) => this.#tracks.share(track)));
    const first = request.video && sends("video") ? video.begin(request.video) : undefined;
    const audio = request.audio && sends("audio") ? held.use(this.#tracks.share(request.audio)) : undefined;
    held.defer(() => this.#viewers.delete(id));
    const { clock, log } = this.#options;
    const { onCandidate, onFeedback } = request;
    const viewer = new WorkerViewer({ id, link: this, clock, log, held: held.move(), onCandidate, onFeedback, video });
    this.#viewers.set(id, viewer);
    this.post({
      type: "view",
      viewer: id,
      offerSdp: request.offerSdp,
      plan,
      ...(first !== undefined ? { videoTrack: first } : {}),
      ...(audio ? { audioTrack: audio.id } : {}),
      ...(request.iceServers ? { iceServers: request.iceServers } : {}),
      ...(onCandidate ? { trickles: true } : {}),
      ...(onFeedback ? { feedback: true } : {}),
    });
    return viewer;
  }

  #configure(): void {
    const { clock, udpPort = 0, iceServers = [], announceAddresses = [], leaveOutInterfaces = [] } = this.#options;
    this.post({
      type: "configure",
      clockOffsetUs: machineUs() - clock.nowUs(),
      udpPort,
      iceServers,
      announceAddresses,
      leaveOutInterfaces,
    });
  }

  #receive(message: FromChild): void {
    if (message.type === "trouble") this.#options.log.warn({}, `webrtc worker: ${message.message}`);
    else this.#viewers.get(message.viewer)?.receive(message);
  }

  #lost(): void {
    this.#tracks.reset();
    for (const viewer of [...this.#viewers.values()]) {
      viewer.end("worker-lost", new RecoverableError("the WebRTC worker ended", { code: "worker-lost" }));
    }
  }
}
