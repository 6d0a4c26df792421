// A process full of talkers, for bench/floor.ts: each sends Opus all the time, in which its number stands.
import { Audio, PeerConnection } from "node-datachannel";
import { serializeRtp } from "../src/protocols/rtp/packet.ts";
import { isLost, type Offerer, takeAnswer } from "./offerer.ts";

/** Parent to talkers. */
export type ToTalkers =
  | { readonly type: "open"; readonly id: number }
  | { readonly type: "answer"; readonly id: number; readonly sdp: string };

/** Talkers to parent. */
export type FromTalkers =
  | { readonly type: "offer"; readonly id: number; readonly sdp: string }
  | { readonly type: "connected"; readonly id: number };

interface Talker extends Offerer {
  readonly id: number;
}

const payloadType = 111;
const packetMs = 20;
const packetBytes = 80;
const retryMs = 1500;
const talkers = new Map<number, Talker>();
let count = 0;

function open(id: number): void {
  const connection = new PeerConnection(`talker-${id}`, { iceServers: [], disableAutoNegotiation: true });
  connection.onStateChange((state) => state === "connected" && post({ type: "connected", id }));
  connection.onGatheringStateChange((state) => {
    const sdp = state === "complete" ? connection.localDescription()?.sdp : undefined;
    // Between two of its kind the library connects at once only when the answerer is passive.
    if (sdp) post({ type: "offer", id, sdp: sdp.replaceAll("a=setup:actpass", "a=setup:active") });
  });
  const media = new Audio("0", "SendRecv");
  media.addOpusCodec(payloadType);
  media.addSSRC(1000 + id, `talker-${id}`);
  talkers.set(id, { id, connection, track: connection.addTrack(media) });
  setTimeout(() => isLost(talkers.get(id)) && open(id), retryMs);
  connection.setLocalDescription("offer");
}

function speak({ id, track }: Talker): void {
  if (!track.isOpen()) return;
  const payload = new Uint8Array(packetBytes).fill(id, 1);
  payload[0] = 0xfc; // 20 ms, stereo (RFC 6716, 3.1)
  const fields = {
    payloadType,
    marker: false,
    sequence: count & 0xffff,
    timestamp: (count * 960) >>> 0,
    ssrc: 1000 + id,
  };
  track.sendMessageBinary(Buffer.from(serializeRtp({ ...fields, payload })));
}

function post(message: FromTalkers): void {
  process.send?.(message, undefined, {}, () => {});
}

if (process.send) {
  process.once("disconnect", () => process.exit(0));
  process.on("message", (message: ToTalkers) => {
    if (message.type === "open") open(message.id);
    else takeAnswer(talkers.get(message.id)!.connection, message.sdp);
  });
  setInterval(() => {
    count++;
    for (const talker of talkers.values()) speak(talker);
  }, packetMs);
}
