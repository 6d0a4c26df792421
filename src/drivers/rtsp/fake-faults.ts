import type { RtpPayload } from "../../protocols/rtp/payload.ts";
import type { RtspRequest } from "../../protocols/rtsp/message.ts";
import type { RtspAnswer, RtspServerPeer } from "../../protocols/rtsp/server.ts";
import type { RtspTransport } from "../../protocols/rtsp/transport-header.ts";

/** What real cameras do against the standards, as far as pictures and sound go; each bends one step. */
export interface FakeFaults {
  /** Bytes of the n-th interleaved frame of a connection. */
  readonly frame?: (frame: Uint8Array, n: number) => Uint8Array;
  /** Text of each answer, as it would go out. */
  readonly answer?: (text: string, request: RtspRequest) => string;
  /** Takes the place of the camera's own answer. */
  readonly reply?: (request: RtspRequest, peer: RtspServerPeer) => RtspAnswer | "silence" | undefined;
  /** Lines of the description. */
  readonly sdp?: (lines: readonly string[]) => readonly string[];
  /** Payloads of the n-th picture, from its units. */
  readonly picture?: (nals: readonly Uint8Array[], n: number) => readonly RtpPayload[];
  /** Payloads of one packet's worth of sound. */
  readonly sound?: (data: Uint8Array) => readonly RtpPayload[];
  /** Payload type of each stream's packets, where it is not the one described. */
  readonly payloadTypes?: Readonly<Record<string, number>>;
  /** RTP timestamp of the n-th picture. */
  readonly time?: (n: number) => number;
  /** What SETUP tells of the transport, which does not change how media travels. */
  readonly told?: (agreed: RtspTransport) => RtspTransport;
  /** Interleaved channels that it takes, whatever it was asked for. */
  readonly channels?: (asked: readonly [number, number]) => readonly [number, number];
}
