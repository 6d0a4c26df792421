import type {
  AskedPublisher,
  AskRequest,
  OnCandidate,
  PublishedTrack,
  Publisher,
  PublishRequest,
  PublishWorker,
} from "../../media/viewer.ts";
import type { WorkerProcess } from "../process.ts";
import type { FromPublishChild, ToPublishChild } from "./messages.ts";
import { askingPlan, planAnswered, planPublish, takesSound, withoutCandidates } from "./publish-offer.ts";
import { openPublishProcess, type PublishNews, type PublishWorkerOptions } from "./publish-process.ts";
import type { SharedTracks } from "./shared-tracks.ts";
import { WorkerViewer } from "./viewer.ts";

/** Takes in what peers publish, in a process of its own: its crash costs publishers a reconnect and viewers nothing. */
export function createPublishWorker(options: PublishWorkerOptions): PublishWorker {
  return new HubSide(options);
}

interface Publishing extends PublishRequest {
  readonly peer: WorkerViewer;
  readonly tracks: Map<"video" | "audio", PublishedTrack>;
  readonly audible: PromiseWithResolvers<boolean>;
}

class HubSide implements PublishWorker {
  readonly #process: WorkerProcess<ToPublishChild, FromPublishChild>;
  readonly #publishing = new Map<number, Publishing>();
  readonly #options: PublishWorkerOptions;
  /** What is sent to those that were asked. */
  readonly #sounds: SharedTracks;
  #last = 0;

  constructor(options: PublishWorkerOptions) {
    this.#options = options;
    const { process, tracks } = openPublishProcess({
      ...options,
      name: "publish worker",
      onMessage: (message) => this.#receive(message),
      onLost: (error) => {
        for (const { peer } of [...this.#publishing.values()]) peer.end("worker-lost", error);
      },
    });
    this.#process = process;
    this.#sounds = tracks;
  }

  async publish(request: PublishRequest): Promise<Publisher> {
    const { taken, repaired, ...plan } = planPublish(request.offerSdp);
    const { offerSdp } = request;
    const first = (id: number): ToPublishChild => ({ type: "publish", viewer: id, offerSdp, plan, taken, repaired });
    return (await this.#open(request, first)).peer;
  }

  /** Opens a peer; resolves when the child has described its side. */
  async #open(
    request: PublishRequest & Pick<AskRequest, "onCandidate">,
    first: (id: number, held: DisposableStack) => ToPublishChild,
  ): Promise<Publishing> {
    using held = new DisposableStack();
    held.use(await this.#process.lease());
    const id = ++this.#last;
    held.defer(() => this.#publishing.delete(id));
    const { clock, log } = this.#options;
    const link = {
      post: (message: ToPublishChild) => {
        this.#process.post(message);
      },
    };
    const audible = Promise.withResolvers<boolean>();
    held.defer(() => audible.resolve(false));
    const opening = first(id, held);
    const { onCandidate } = request;
    const peer = new WorkerViewer({ id, link, clock, log, held: held.move(), onCandidate });
    const publishing = { ...request, peer, tracks: new Map(), audible };
    this.#publishing.set(id, publishing);
    link.post(opening);
    await peer.answered;
    return publishing;
  }

  async ask({ onTrack, sound, iceServers, onCandidate }: AskRequest): Promise<AskedPublisher> {
    const plan = askingPlan({ sound: sound !== undefined });
    const later = new LaterCandidates(onCandidate);
    // Who is told where we are reached needs no relay of ours, and a relay would cost us the one port.
    const servers = this.#options.announceAddresses?.length ? undefined : iceServers;
    const request = { onTrack, offerSdp: "", onCandidate: later.found };
    const { peer, audible } = await this.#open(request, (id, held) => {
      const share = sound && held.use(this.#sounds.share(sound));
      return {
        ...{ type: "ask", viewer: id, plan, trickles: onCandidate !== undefined },
        ...(share && { audioTrack: share.id }),
        ...(servers && { iceServers: servers }),
      };
    });
    const { offerSdp, candidates } = withoutCandidates(peer.answerSdp);
    return {
      id: peer.id,
      offerSdp,
      closed: peer.closed,
      audible: audible.promise,
      answered: async (answerSdp) => {
        const { taken, repaired } = planAnswered(answerSdp);
        const takes = sound !== undefined && takesSound(answerSdp);
        if (!takes) audible.resolve(false);
        const viewer = Number(peer.id);
        this.#process.post({ type: "asked", viewer, answerSdp, taken, repaired, takesSound: takes });
        // Whatever it answers to this comes after it took the answer.
        await peer.stats();
        later.tell();
        return candidates;
      },
      addCandidate: (candidate) => peer.addCandidate(candidate),
      [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#publishing.values()].map(({ peer }) => peer[Symbol.asyncDispose]()));
    await this.#process[Symbol.asyncDispose]();
  }

  #receive(message: PublishNews): void {
    const publishing = this.#publishing.get(message.viewer);
    if (message.type === "audible") publishing?.audible.resolve(true);
    else if (message.type === "published") publishing?.tracks.get(message.kind)?.write(message.frame);
    else if (message.type === "published-format") {
      const { format } = message;
      const track = publishing?.tracks.get(format.kind);
      if (track) track.updateFormat(format);
      else publishing?.tracks.set(format.kind, publishing.onTrack(format));
    } else publishing?.peer.receive(message);
  }
}

/** Keeps what is found before the peer's answer was taken, and tells it after what the answer gave. */
class LaterCandidates {
  readonly #onCandidate: OnCandidate | undefined;
  readonly #kept: Parameters<OnCandidate>[0][] = [];
  #telling = false;

  constructor(onCandidate: OnCandidate | undefined) {
    this.#onCandidate = onCandidate;
  }

  readonly found: OnCandidate = (candidate) => {
    if (this.#telling) this.#onCandidate?.(candidate);
    else this.#kept.push(candidate);
  };

  /** From the next turn on, when who waits for the answer has told the first ones. */
  tell(): void {
    setImmediate(() => {
      this.#telling = true;
      for (const candidate of this.#kept.splice(0)) this.#onCandidate?.(candidate);
    });
  }
}
