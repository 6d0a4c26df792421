import type { Receiver, SendRequest, SendWorker } from "../../media/viewer.ts";
import { RecoverableError } from "../../util/errors.ts";
import { childModule, WorkerProcess } from "../process.ts";
import { machineUs } from "./child/time.ts";
import type { FromPublishChild, ToPublishChild } from "./messages.ts";
import type { PublishWorkerOptions } from "./publish.ts";
import { withoutCandidates } from "./publish-offer.ts";
import { sendingPlan, takenMids } from "./send-offer.ts";
import { SharedTracks } from "./shared-tracks.ts";
import { WorkerViewer } from "./viewer.ts";

/** Options of {@link createSendWorker}. */
export type SendWorkerOptions = Pick<PublishWorkerOptions, "clock" | "log" | "iceServers">;

/** Sends to peers that take offers, in a process of its own. */
export function createSendWorker(options: SendWorkerOptions): SendWorker {
  return new HubSide(options);
}

class HubSide implements SendWorker {
  readonly #process: WorkerProcess<ToPublishChild, FromPublishChild>;
  readonly #tracks: SharedTracks;
  readonly #receivers = new Map<number, WorkerViewer>();
  readonly #options: SendWorkerOptions;
  #last = 0;

  constructor(options: SendWorkerOptions) {
    this.#options = options;
    const { clock, log } = options;
    this.#process = new WorkerProcess({
      name: "send worker",
      module: childModule("./child/main", import.meta.url),
      clock,
      log,
      onStart: () => this.#configure(),
      onMessage: (message) => this.#receive(message),
      onLost: () => this.#lost(),
    });
    this.#tracks = new SharedTracks({ post: (message, onSent) => this.#process.post(message, onSent), log });
  }

  async send(request: SendRequest): Promise<Receiver> {
    const { video, audio, onFeedback } = request;
    const plan = sendingPlan(request);
    using held = new DisposableStack();
    held.use(await this.#process.lease());
    const id = ++this.#last;
    const sends = (kind: "video" | "audio") => plan.sections.some((section) => section.kind === kind);
    const [picture, sound] = [video, audio].map((track) =>
      track && sends(track.format.kind) ? held.use(this.#tracks.share(track)) : undefined,
    );
    held.defer(() => this.#receivers.delete(id));
    const { clock, log } = this.#options;
    const link = { post: (message: ToPublishChild) => this.#process.post(message) };
    const peer = new WorkerViewer({ id, link, clock, log, onFeedback, held: held.move() });
    this.#receivers.set(id, peer);
    const tracks = { ...(picture && { videoTrack: picture.id }), ...(sound && { audioTrack: sound.id }) };
    link.post({ type: "send", viewer: id, plan, ...tracks, feedback: onFeedback !== undefined });
    await peer.answered;
    return {
      id: peer.id,
      offerSdp: withoutCandidates(peer.answerSdp).offerSdp,
      closed: peer.closed,
      addCandidate: (candidate) => peer.addCandidate(candidate),
      stats: () => peer.stats(),
      answered: async (answerSdp) => {
        link.post({ type: "takes", viewer: id, answerSdp, mids: takenMids(answerSdp, plan) });
      },
      [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#receivers.values()].map((peer) => peer[Symbol.asyncDispose]()));
    await this.#process[Symbol.asyncDispose]();
  }

  #configure(): void {
    const { clock, iceServers = [] } = this.#options;
    const clockOffsetUs = machineUs() - clock.nowUs();
    const own = { udpPort: 0, announceAddresses: [], leaveOutInterfaces: [] };
    this.#process.post({ type: "configure", clockOffsetUs, iceServers, ...own });
  }

  #receive(message: FromPublishChild): void {
    if (message.type === "trouble") this.#options.log.warn({}, `send worker: ${message.message}`);
    else if (message.type !== "audible" && message.type !== "published" && message.type !== "published-format") {
      this.#receivers.get(message.viewer)?.receive(message);
    }
  }

  #lost(): void {
    this.#tracks.reset();
    for (const peer of [...this.#receivers.values()]) {
      peer.end("worker-lost", new RecoverableError("the send worker ended", { code: "worker-lost" }));
    }
  }
}
