import type { RtspRequest } from "../../protocols/rtsp/message.ts";
import type { RtspAnswer, RtspServerPeer } from "../../protocols/rtsp/server.ts";
import type { RtspTransport } from "../../protocols/rtsp/transport-header.ts";

/** What real cameras do wrong when they are spoken through. */
export interface FakeTalkFaults {
  /** One session only: a second one is refused with this status, or pushes the first one out. */
  readonly oneSession?: 453 | 503 | 455 | "pushes-out";
  /** It sends no picture while it is spoken through. */
  readonly pausesPicture?: boolean;
  /** The speaker alone is refused at PLAY with this status. */
  readonly needsPicture?: 406 | 400 | 500;
  /** What SETUP tells of the speaker's UDP port: nothing, or one at which nobody listens. */
  readonly udpPort?: "none" | number;
  /** It answers nothing on a connection that it is spoken through. */
  readonly mute?: boolean;
  /** It reads nothing from a connection that it is spoken through. */
  readonly deaf?: boolean;
  /** Asked for the speaker while it plays, it ends the picture and gives no answer. */
  readonly askingEndsPicture?: boolean;
}

/** Whether a client has set up the speaker. */
export function talks(peer: RtspServerPeer): boolean {
  return [...peer.controls].some((control) => control.startsWith("talk"));
}

/** The faults of a fake camera's speaker. */
export class FakeTalk {
  readonly #asked = new Set<RtspServerPeer>();
  readonly #faults: FakeTalkFaults;

  constructor(faults: FakeTalkFaults) {
    this.#faults = faults;
  }

  /** Connections that asked for the speaker and live. */
  get asking(): number {
    return this.#asked.size;
  }

  gone(peer: RtspServerPeer): void {
    this.#asked.delete(peer);
  }

  /** Notes who asks; gives the refusal of a request that the camera does not take. */
  intercept(
    request: RtspRequest,
    from: { readonly peer: RtspServerPeer; readonly asks: boolean; readonly playing: readonly RtspServerPeer[] },
  ): RtspAnswer | undefined | "silence" {
    const { peer, asks } = from;
    if (asks && request.method === "DESCRIBE") this.#asked.add(peer);
    const others = from.playing.filter((other) => other !== peer);
    if (asks && this.#faults.askingEndsPicture && others.length > 0) {
      for (const other of others) other.drop();
      return "silence";
    }
    const { oneSession, needsPicture, mute } = this.#faults;
    if (mute && from.playing.includes(peer) && talks(peer) && request.method !== "TEARDOWN") return "silence";
    if (request.method === "SETUP" && typeof oneSession === "number" && others.length > 0)
      return { status: oneSession };
    if (request.method !== "PLAY") return undefined;
    if (oneSession === "pushes-out") for (const other of others) other.drop();
    if (this.#faults.deaf && talks(peer)) peer.stopReading();
    const alone = talks(peer) && !peer.controls.has("video");
    return needsPicture !== undefined && alone ? { status: needsPicture } : undefined;
  }

  pausesPicture(playing: readonly RtspServerPeer[]): boolean {
    return this.#faults.pausesPicture === true && playing.some(talks);
  }

  transport(agreed: RtspTransport, control: string): RtspTransport {
    const { udpPort } = this.#faults;
    if (agreed.protocol !== "udp" || udpPort === undefined || !control.startsWith("talk")) return agreed;
    return { ...agreed, serverPorts: udpPort === "none" ? undefined : [udpPort, udpPort + 1] };
  }
}
