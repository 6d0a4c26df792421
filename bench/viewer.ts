// A process full of viewers, for bench/fanout.ts: libdatachannel as receiver, answered through the parent.
import { Audio, PeerConnection, RtcpReceivingSession, Video } from "node-datachannel";
import { machineUs } from "../src/workers/webrtc/child/time.ts";
import { isLost, type Offerer, takeAnswer } from "./offerer.ts";
import { stampOf } from "./stamp.ts";

/** Parent to viewers. */
export type ToViewers =
  | { readonly type: "open"; readonly id: number; readonly kind: "video" | "audio"; readonly listens: boolean }
  | { readonly type: "answer"; readonly id: number; readonly sdp: string }
  | { readonly type: "begin" }
  | { readonly type: "report" };

/** Viewers to parent. Delays in ms of each frame's last packet; `written` is when the frame of an RTP timestamp was written, in µs. */
export type FromViewers =
  | { readonly type: "offer"; readonly id: number; readonly sdp: string }
  | { readonly type: "connected"; readonly id: number }
  | {
      readonly type: "report";
      readonly delaysMs: number[];
      readonly written: Map<number, number>;
      readonly lost: number;
      readonly received: number;
    };

interface Receiver extends Offerer {
  sequence: number | undefined;
}

const retryMs = 1500;
const receivers = new Map<number, Receiver>();
let delaysMs: number[] = [];
let written = new Map<number, number>();
let lost = 0;
let received = 0;
let counting = false;

function open(message: Extract<ToViewers, { type: "open" }>): void {
  const { id, kind, listens } = message;
  const connection = new PeerConnection(`bench-${id}`, { iceServers: [], disableAutoNegotiation: true });
  connection.onStateChange((state) => state === "connected" && post({ type: "connected", id }));
  connection.onGatheringStateChange((state) => {
    const sdp = state === "complete" ? connection.localDescription()?.sdp : undefined;
    // Between two of its kind the library connects at once only when the answerer is passive.
    if (sdp) post({ type: "offer", id, sdp: sdp.replaceAll("a=setup:actpass", "a=setup:active") });
  });
  const media = kind === "video" ? new Video("0", "RecvOnly") : new Audio("0", "RecvOnly");
  if (media instanceof Video) media.addH264Codec(96, "packetization-mode=1;profile-level-id=42e01f");
  else media.addOpusCodec(111);
  const track = connection.addTrack(media);
  track.setMediaHandler(new RtcpReceivingSession());
  const receiver: Receiver = { connection, track, sequence: undefined };
  if (listens) track.onMessage((packet) => receive(receiver, { packet, kind }));
  receivers.set(id, receiver);
  setTimeout(() => isLost(receivers.get(id)) && open(message), retryMs);
  connection.setLocalDescription("offer");
}

function receive(receiver: Receiver, what: { readonly packet: Buffer; readonly kind: "video" | "audio" }): void {
  const { packet, kind } = what;
  const nowUs = machineUs();
  const sequence = packet.readUInt16BE(2);
  const gap = receiver.sequence === undefined ? 0 : (sequence - receiver.sequence - 1) & 0xffff;
  receiver.sequence = sequence;
  if (!counting) return;
  received++;
  if (gap < 0x8000) lost += gap;
  if (kind === "video" && (packet[1]! & 0x80) === 0) return;
  const writtenUs = stampOf(packet);
  written.set(packet.readUInt32BE(4), writtenUs);
  delaysMs.push((nowUs - writtenUs) / 1000);
}

function post(message: FromViewers): void {
  process.send?.(message, undefined, {}, () => {});
}

if (process.send) {
  process.once("disconnect", () => process.exit(0));
  process.on("message", (message: ToViewers) => {
    if (message.type === "open") open(message);
    else if (message.type === "answer") takeAnswer(receivers.get(message.id)!.connection, message.sdp);
    else if (message.type === "begin") counting = true;
    else {
      counting = false;
      post({ type: "report", delaysMs, written, lost, received });
      delaysMs = [];
      written = new Map();
      lost = 0;
      received = 0;
    }
  });
}
