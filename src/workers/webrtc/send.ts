import type { Receiver, SendRequest, SendWorker } from "../../media/viewer.ts";
import type { WorkerProcess } from "../process.ts";
import type { FromPublishChild, ToPublishChild } from "./messages.ts";
import { withoutCandidates } from "./publish-offer.ts";
import { openPublishProcess, type PublishNews, type PublishWorkerOptions } from "./publish-process.ts";
import { sendingPlan, takenMids } from "./send-offer.ts";
import type { SharedTracks } from "./shared-tracks.ts";
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
    const { process, tracks } = openPublishProcess({
      ...options,
      name: "send worker",
      onMessage: (message) => this.#receive(message),
      onLost: (error) => {
        for (const peer of [...this.#receivers.values()]) peer.end("worker-lost", error);
      },
    });
    this.#process = process;
    this.#tracks = tracks;
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

  #receive(message: PublishNews): void {
    if (message.type === "audible" || message.type === "published" || message.type === "published-format") return;
    this.#receivers.get(message.viewer)?.receive(message);
  }
}
