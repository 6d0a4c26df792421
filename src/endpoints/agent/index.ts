import type { Track } from "../../media/track.ts";
import type { IceCandidate, Viewer, ViewerFeedback, WebRtcWorker } from "../../media/viewer.ts";
import { libraryIceServers } from "../../protocols/signalling/ice.ts";
import { signallingLimits } from "../../protocols/signalling/limits.ts";
import type { MessageOf, toAgent } from "../../protocols/signalling/messages.ts";
import { background } from "../../util/background.ts";
import { messageOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { Backend, type BackendOptions } from "./backend.ts";
import type { Player } from "./player.ts";
import type { AgentSource } from "./source.ts";

export type { BackendState } from "./backend.ts";
export { CaptureSource } from "./capture.ts";
export { MicrophoneTrack } from "./microphone.ts";
export { agentForm, Player } from "./player.ts";
export type { AgentSource } from "./source.ts";
export { WhipAgent } from "./whip.ts";

/** Options of {@link CameraAgent}. */
export interface CameraAgentOptions extends Omit<BackendOptions, "onMessage" | "onLost"> {
  readonly source: AgentSource;
  /** What plays what is spoken here; none where there is no loudspeaker. */
  readonly player?: Player | undefined;
  /** What it hears; the sound of the source where there is no microphone. */
  readonly microphone?: Track | undefined;
  readonly webrtc: Pick<WebRtcWorker, "view">;
  /** Somebody begins to watch, or ends; how many then do. */
  readonly onWatched: (viewers: number) => void;
  readonly log: Log;
}

type Told<Type extends keyof typeof toAgent> = Extract<MessageOf<typeof toAgent>, { readonly type: Type }>;
type Candidate = Told<"signal_ice">["payload"]["candidate"];

/** One viewer: asked for, then answered, then sent to until either end leaves. */
interface Session {
  readonly id: string;
  readonly iceServers: readonly string[];
  readonly over: AbortController;
  /** Who watches may speak here. */
  readonly talk: boolean;
  /** The hub itself watches. */
  readonly hub: boolean;
  /** Candidates that came before the viewer was answered. */
  readonly early: Candidate[];
  /** Candidates of ours that were found before it was answered. */
  readonly found: IceCandidate[];
  viewer?: Viewer;
  asked: boolean;
  /** Until there is an offer. */
  readonly pending: Disposable;
}

/** Who is asked for more than so many at once is attacked. */
const maxSessions = 64;

/**
 * A camera agent of seed 002: it calls its backend, and sends picture and sound of its source to each viewer that the backend
 * brings, peer to peer. The source runs while somebody watches.
 */
export class CameraAgent {
  readonly #sessions = new Map<string, Session>();
  readonly #options: CameraAgentOptions;
  readonly #backend: Backend;

  constructor(options: CameraAgentOptions) {
    this.#options = options;
    this.#backend = new Backend({
      ...options,
      onMessage: (message) => this.#receive(message),
      onLost: () => this.#endAll(),
    });
  }

  /** How many watch. */
  get viewers(): number {
    return [...this.#sessions.values()].filter(({ viewer }) => viewer).length;
  }

  /** Serves until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#backend.run(signal);
    this.#endAll();
  }

  #receive(message: MessageOf<typeof toAgent>): void {
    if (message.type === "watch_request") this.#begin(message);
    else if (message.type === "signal_offer") this.#offer(message);
    else if (message.type === "signal_ice") this.#candidate(message);
    else if (message.type === "watch_ended") this.#end(message.payload.session_id);
  }

  #begin({ payload }: Told<"watch_request">): void {
    // A backend that says nothing of speaking, as the seed's, leaves it to whoever gave the agent a loudspeaker.
    const { session_id: id, ice_servers, talk = true, hub = false } = payload;
    if (this.#sessions.has(id) || this.#sessions.size >= maxSessions) return;
    const iceServers = libraryIceServers(ice_servers);
    const { clock } = this.#options;
    this.#sessions.set(id, {
      id,
      iceServers,
      talk,
      hub,
      over: new AbortController(),
      early: [],
      found: [],
      asked: false,
      pending: clock.timer(signallingLimits.pendingMs, () => this.#expire(id)),
    });
  }

  /** Nobody made an offer in time: a backend that forgets its sessions is not to use up all that may be open. */
  #expire(id: string): void {
    this.#backend.say("end_watch", { session_id: id, reason: "timeout" });
    this.#end(id);
  }

  #offer({ payload }: Told<"signal_offer">): void {
    const session = this.#sessions.get(payload.session_id);
    if (!session || session.asked) return;
    session.asked = true;
    session.pending[Symbol.dispose]();
    background(this.#serve(session, payload.sdp.sdp), (error) => {
      if (session.over.signal.aborted) return;
      this.#options.log.warn({ err: error }, `a viewer was not served: ${messageOf(error)}`);
      this.#backend.say("end_watch", { session_id: session.id, reason: messageOf(error).slice(0, 200) });
      this.#end(session.id);
    });
  }

  #candidate({ payload }: Told<"signal_ice">): void {
    const session = this.#sessions.get(payload.session_id);
    if (!session) return;
    if (session.viewer) add(session.viewer, payload.candidate);
    else if (session.early.length < maxSessions) session.early.push(payload.candidate);
  }

  async #serve(session: Session, offerSdp: string): Promise<void> {
    const { signal } = session.over;
    await using held = new AsyncDisposableStack();
    const { source } = this.#options;
    held.use(source.demand());
    held.defer(() => source.left?.(session.id));
    const viewer = held.use(await this.#view(session, offerSdp));
    if (session.talk) held.use(await this.#options.player?.listen(viewer, session));
    signal.throwIfAborted();
    session.viewer = viewer;
    this.#backend.say("signal_answer", { session_id: session.id, sdp: { type: "answer", sdp: viewer.answerSdp } });
    for (const candidate of session.early.splice(0)) add(viewer, candidate);
    for (const candidate of session.found.splice(0)) this.#found(session, candidate);
    this.#options.onWatched(this.viewers);
    const ended = Promise.withResolvers<string>();
    signal.addEventListener("abort", () => ended.resolve("closed"), { once: true });
    const reason = await Promise.race([viewer.closed, ended.promise]);
    delete session.viewer;
    if (!signal.aborted) this.#backend.say("end_watch", { session_id: session.id, reason });
    this.#sessions.delete(session.id);
    this.#options.onWatched(this.viewers);
  }

  /** Answers its offer, as soon as there is something to show. */
  async #view(session: Session, offerSdp: string): Promise<Viewer> {
    const { id, over, iceServers, talk } = session;
    const { source, webrtc, player, microphone } = this.#options;
    const { video, audio } = await source.tracks(over.signal);
    over.signal.throwIfAborted();
    const sound = microphone ?? audio;
    const acceptMicrophone = talk && player !== undefined;
    const onFeedback = source.heard && ((feedback: ViewerFeedback) => source.heard?.(id, feedback));
    onFeedback?.({ type: "key-frame" });
    return await webrtc.view({
      offerSdp,
      acceptMicrophone,
      iceServers,
      onCandidate: (candidate) => this.#found(session, candidate),
      ...(video && { video }),
      ...(sound && { audio: sound }),
      ...(onFeedback && { onFeedback }),
    });
  }

  /** Servers tell theirs after the answer, or never. */
  #found({ id, viewer, found }: Session, candidate: IceCandidate | null): void {
    if (!candidate || !this.#sessions.has(id)) return;
    if (!viewer) {
      found.push(candidate);
      return;
    }
    this.#backend.say("signal_ice", { session_id: id, candidate: { ...candidate, sdpMLineIndex: 0 } });
  }

  #end(id: string): void {
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    session?.pending[Symbol.dispose]();
    session?.over.abort();
  }

  /** The backend is gone. Its viewers ask anew when it is back. */
  #endAll(): void {
    for (const id of [...this.#sessions.keys()]) this.#end(id);
  }
}

function add(viewer: Viewer, candidate: Candidate): void {
  if (candidate) viewer.addCandidate({ candidate: candidate.candidate, sdpMid: candidate.sdpMid ?? "0" });
}
