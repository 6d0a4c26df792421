// A process full of talkers, for bench/floor.ts: each sends Opus all the time, in which its number stands.
import { Audio, PeerConnection, type Track } from "node-datachannel";
import { serializeRtp } from "../src/protocols/rtp/packet.ts";

/** Parent to talkers. */
export type ToTalkers =
  | { readonly type: "open"; readonly id: number }
  | { readonly type: "answer"; readonly id: number; readonly sdp: string };

/** Talkers to parent. */
export type FromTalkers =
  | { readonly type: "offer"; readonly id: number; readonly sdp: string }
  | { readonly type: "connected"; readonly id: number };

interface Talker {
  readonly id: number;
  readonly connection: PeerConnection;
  readonly track: Track;
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
  setTimeout(() => retry(id), retryMs);
  connection.setLocalDescription("offer");
}

/** The library as offerer loses its connection now and then, before it is one: then it begins again. */
function retry(id: number): void {
  const before = talkers.get(id);
  if (!before || before.connection.state() === "connected") return;
  before.track.close();
  before.connection.close();
  open(id);
}

/** The library races its peer as offerer: candidates go in once it is ready for them. */
function takeAnswer({ id, sdp }: { readonly id: number; readonly sdp: string }): void {
  const { connection } = talkers.get(id)!;
  const isCandidate = (line: string) => line.startsWith("a=candidate:");
  const lines = sdp.split("\r\n");
  connection.setRemoteDescription(lines.filter((line) => !isCandidate(line)).join("\r\n"), "answer");
  const add = (candidates: readonly string[]): void => {
    try {
      for (const candidate of candidates) connection.addRemoteCandidate(candidate, "0");
    } catch {
      setTimeout(() => add(candidates), 10);
    }
  };
  add(lines.filter((line) => isCandidate(line) && line.includes(" 127.0.0.1 ")));
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
    else takeAnswer(message);
  });
  setInterval(() => {
    count++;
    for (const talker of talkers.values()) speak(talker);
  }, packetMs);
}
