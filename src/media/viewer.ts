import type { Format } from "./format.ts";
import type { Frame } from "./frame.ts";
import type { Track } from "./track.ts";

/** A candidate as browsers trickle it. */
export interface IceCandidate {
  readonly candidate: string;
  readonly sdpMid: string;
}

/** Told of our candidates as they are found; null says that there are no more. */
export type OnCandidate = (candidate: IceCandidate | null) => void;

/** What a viewer says of the picture that it is sent. */
export type ViewerFeedback =
  /** It lost the picture. */
  | { readonly type: "key-frame" }
  /** Of what was sent since its last report, this share (0 to 1) was lost; a way there and back took so long. */
  | { readonly type: "report"; readonly lostShare: number; readonly roundTripMs?: number }
  /** It could take so much (REMB). */
  | { readonly type: "estimate"; readonly bitrateBps: number };

/** What a viewer is to be shown. Its sound is what browsers take (`playsInBrowsers`). */
export interface ViewRequest {
  readonly offerSdp: string;
  readonly video?: Track;
  readonly audio?: Track;
  /** Answer the audio line so that the viewer may send sound (`sendrecv`). */
  readonly acceptMicrophone: boolean;
  /** For this viewer beside those of the worker: `stun:host:port`, `turn:user:password@host:port`. Only the child in TypeScript takes them. */
  readonly iceServers?: readonly string[];
  /** Candidates of ours that are found after the answer; null when there are no more. Without it the answer waits a little for them. */
  readonly onCandidate?: OnCandidate;
  /**
   * Given by whoever encodes the picture and makes a key frame when a viewer lost it: it is then not sent the last group again.
   * Only the child in TypeScript tells.
   */
  readonly onFeedback?: (feedback: ViewerFeedback) => void;
}

/** Counters of one viewer, from the worker. */
export interface ViewerStats {
  readonly packetsSent: number;
  readonly bytesSent: number;
  readonly framesDropped: number;
  readonly nacks: number;
  readonly keyFrameRequests: number;
  /** As the viewer last reported it. */
  readonly packetsLost?: number;
  readonly roundTripMs?: number;
}

/** One Opus packet of a peer's microphone. */
export interface MicrophoneFrame extends Frame {
  /** How many packets were lost between the one before and this. */
  readonly lostBefore?: number;
}

/** One browser (or other WebRTC peer) that is being served. Its owner disposes it. */
export interface Viewer extends AsyncDisposable {
  readonly id: string;
  readonly answerSdp: string;
  addCandidate(candidate: IceCandidate): void;
  /**
   * Shows another picture from its next key frame on, and the one of before until then: without a new offer, without a gap.
   * Resolves true when it has come to that; false when another was asked for before, or the viewer is over. Throws FatalError
   * `codec-differs` for a codec that was not agreed on; that takes a new viewer.
   */
  show(video: Track): Promise<boolean>;
  /** Opus frames from the viewer's microphone while `listener` is registered; timestamps on the hub's clock. */
  onMicrophone(listener: (frame: MicrophoneFrame) => void): Disposable;
  stats(): Promise<ViewerStats>;
  /** Resolves once with the reason when it is over: "closed", "failed", "disconnected", "worker-lost". */
  readonly closed: Promise<string>;
}

/** Where the media of a publisher go. */
export interface PublishedTrack {
  write(frame: Frame): void;
  updateFormat(format: Format): void;
}

/** A publisher that is to be taken in. */
export interface PublishRequest {
  readonly offerSdp: string;
  /** A stream begins; called once for the picture and once for the sound. */
  readonly onTrack: (format: Format) => PublishedTrack;
}

/** A peer that is to be asked to publish. */
export interface AskRequest extends Pick<PublishRequest, "onTrack"> {
  /** Opus that is sent to it where it takes any; its owner closes it. */
  readonly sound?: Track | undefined;
  /** For this peer beside those of the worker, as of {@link ViewRequest}. */
  readonly iceServers?: readonly string[];
  /** Candidates of ours that are found after its answer was taken; null when there are no more. */
  readonly onCandidate?: OnCandidate;
}

/** One peer that sends picture or sound to the hub. Its owner disposes it. */
export type Publisher = Pick<Viewer, "id" | "answerSdp" | "addCandidate" | "closed"> & AsyncDisposable;

/** A peer that was asked to send, and has not answered yet or has. Its owner disposes it. */
export interface AskedPublisher extends AsyncDisposable {
  readonly id: string;
  /** What it is asked, without our candidates: who had them before we know its answer would come too early. */
  readonly offerSdp: string;
  /**
   * Its answer; resolves with our candidates, which are to be told now. Rejects with FatalError `bad-offer` for one that sends
   * nothing, or `codec-unsupported`, and RecoverableError when the worker ends.
   */
  answered(answerSdp: string): Promise<readonly IceCandidate[]>;
  addCandidate(candidate: IceCandidate): void;
  /** True when it is connected and takes the sound that it was offered; false when it takes none, or is over before. */
  readonly audible: Promise<boolean>;
  /** As of a viewer; "failed" too when it does not answer within 20 s. */
  readonly closed: Promise<string>;
}

/** What is to be sent to a peer that takes our offer (WHIP). */
export type SendRequest = Pick<ViewRequest, "video" | "audio" | "onFeedback">;

/** A peer that is offered what we send. Its owner disposes it. */
export interface Receiver extends Pick<Viewer, "id" | "closed" | "addCandidate" | "stats">, AsyncDisposable {
  /** Without our candidates: it is we who look for the peer, which is where we are told. */
  readonly offerSdp: string;
  /** Its answer. Rejects with FatalError `codec-unsupported` for one that takes nothing, `bad-offer` for one that cannot be read. */
  answered(answerSdp: string): Promise<void>;
}

/** Sends to peers that take offers. Starts its process at the first of them, ends it when idle. */
export interface SendWorker extends AsyncDisposable {
  /** Offers a picture, a sound or both. Throws FatalError `bad-offer` for neither. */
  send(request: SendRequest): Promise<Receiver>;
}

/** Takes in what peers publish. Starts its process at the first of them, ends it when idle. */
export interface PublishWorker extends AsyncDisposable {
  /**
   * Takes in what a publisher sends. Throws FatalError `bad-offer` or `codec-unsupported`. Its frames are on the hub's
   * clock; H.264 and H.265 begin with a key frame.
   */
  publish(request: PublishRequest): Promise<Publisher>;
  /** Makes an offer to a peer that publishes when it is asked, instead of answering its own. */
  ask(request: AskRequest): Promise<AskedPublisher>;
}

/** Hub side of the WebRTC worker. Starts its process at the first viewer, ends it when idle. */
export interface WebRtcWorker extends AsyncDisposable {
  /** Answers an offer with gathered candidates. Throws FatalError `bad-offer` for an offer that cannot be served. */
  view(request: ViewRequest): Promise<Viewer>;
  /**
   * Somebody will watch soon: the process starts, so that nobody waits for it, and stays until this is disposed and nobody
   * has watched for a while.
   */
  expect(): Disposable;
  /** Process id of the running worker, for the doctor and for tests. */
  readonly pid: number | undefined;
  /** Which child runs, or ran last: the native engine or the one in TypeScript. */
  readonly engine: "native" | "node";
}
