import type { Track } from "../../media/track.ts";
import type {
  IceCandidate,
  MicrophoneFrame,
  OnCandidate,
  Viewer,
  ViewerFeedback,
  ViewerStats,
} from "../../media/viewer.ts";
import type { Clock } from "../../util/clock.ts";
import { RecoverableError } from "../../util/errors.ts";
import { Listeners } from "../../util/listeners.ts";
import type { Log } from "../../util/log.ts";
import type { FromChild, ToChild } from "./messages.ts";
import type { ShownVideo } from "./shown-video.ts";

/** How a viewer speaks to the worker. */
export interface ViewerLink {
  post(message: ToChild): void;
}

/** Options of {@link WorkerViewer}. */
export interface WorkerViewerOptions {
  readonly id: number;
  readonly link: ViewerLink;
  readonly clock: Clock;
  readonly log: Log;
  readonly onFeedback?: ((feedback: ViewerFeedback) => void) | undefined;
  /** What the viewer keeps alive: the worker's lease, its shares of tracks. Disposed when it is over. */
  readonly held: DisposableStack;
  readonly onCandidate?: OnCandidate | undefined;
  /** What it is shown, where that may become another; belongs to `held`. */
  readonly video?: ShownVideo;
}

const answerMs = 10_000;

/** The hub's handle of one viewer. */
export class WorkerViewer implements Viewer {
  readonly id: string;
  readonly closed: Promise<string>;
  /** Resolves when the worker has answered; rejects with RecoverableError when it cannot. */
  readonly answered: Promise<void>;
  #answerSdp = "";
  #lastRequest = 0;
  readonly #answer = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<string>();
  readonly #microphone: Listeners<MicrophoneFrame>;
  readonly #requests = new Map<number, PromiseWithResolvers<ViewerStats>>();
  readonly #deadline: Disposable;
  readonly #options: WorkerViewerOptions;

  constructor(options: WorkerViewerOptions) {
    this.id = String(options.id);
    this.#options = options;
    this.#microphone = new Listeners((error) => options.log.error({ err: error }, "listener of a microphone failed"));
    this.closed = this.#over.promise;
    this.answered = this.#answer.promise;
    this.answered.catch(() => {});
    this.#deadline = options.clock.timer(answerMs, () => this.#fail("no answer in time"));
  }

  get answerSdp(): string {
    return this.#answerSdp;
  }

  addCandidate(candidate: IceCandidate): void {
    this.#post({ type: "candidate", viewer: this.#options.id, candidate });
  }

  async show(video: Track): Promise<boolean> {
    const { id, held, video: shown } = this.#options;
    if (held.disposed || !shown) return false;
    return await shown.show(video, (track) => this.#post({ type: "turn", viewer: id, track }));
  }

  onMicrophone(listener: (frame: MicrophoneFrame) => void): Disposable {
    const handle = this.#microphone.add(listener);
    if (this.#microphone.size === 1) this.#wantMicrophone(true);
    const held = new DisposableStack();
    held.defer(() => {
      handle[Symbol.dispose]();
      if (this.#microphone.size === 0) this.#wantMicrophone(false);
    });
    return held;
  }

  async stats(): Promise<ViewerStats> {
    const request = ++this.#lastRequest;
    const pending = Promise.withResolvers<ViewerStats>();
    if (this.#options.held.disposed) throw over();
    this.#requests.set(request, pending);
    this.#post({ type: "stats", viewer: this.#options.id, request });
    return await pending.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#post({ type: "close", viewer: this.#options.id });
    this.end("closed", over());
    await this.closed;
  }

  /** What the worker says about this viewer. */
  receive(
    message: Extract<
      FromChild,
      { type: "answer" | "found" | "refused" | "closed" | "sound" | "stats" | "feedback" | "turned" }
    >,
  ): void {
    if (message.type === "answer") {
      this.#answerSdp = message.sdp;
      this.#deadline[Symbol.dispose]();
      this.#answer.resolve();
    } else if (message.type === "found") this.#options.onCandidate?.(message.candidate);
    else if (message.type === "refused") this.#fail(message.message);
    else if (message.type === "closed") this.end(message.reason, over());
    else if (message.type === "turned") this.#options.video?.turned(message.track);
    else if (message.type === "feedback") this.#options.onFeedback?.(message.feedback);
    else if (message.type === "sound") {
      const { data, timestampUs, durationUs, lostBefore } = message;
      this.#microphone.emit({ data, timestampUs, durationUs, lostBefore, key: true });
    } else {
      this.#requests.get(message.request)?.resolve(message.stats);
      this.#requests.delete(message.request);
    }
  }

  /** It is over, for this reason; what waits for the worker fails with `error`. */
  end(reason: string, error: RecoverableError): void {
    if (this.#options.held.disposed) return;
    this.#options.held.dispose();
    this.#deadline[Symbol.dispose]();
    this.#answer.reject(error);
    for (const pending of this.#requests.values()) pending.reject(error);
    this.#requests.clear();
    this.#over.resolve(reason);
  }

  #fail(why: string): void {
    this.#post({ type: "close", viewer: this.#options.id });
    this.end("failed", new RecoverableError(`viewer cannot be served: ${why}`, { code: "view-failed" }));
  }

  #wantMicrophone(wanted: boolean): void {
    this.#post({ type: "microphone", viewer: this.#options.id, wanted });
  }

  #post(message: ToChild): void {
    if (!this.#options.held.disposed) this.#options.link.post(message);
  }
}

function over(): RecoverableError {
  return new RecoverableError("the viewer is gone", { code: "viewer-gone" });
}
