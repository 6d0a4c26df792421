import { AccessUnitSplitter } from "../src/codecs/access-unit.ts";
import { joinAnnexB } from "../src/codecs/annexb.ts";
import { serializeRtp } from "../src/protocols/rtp/packet.ts";
import { createPacketizer } from "../src/protocols/rtp/packetize.ts";
import { serializeFrame } from "../src/protocols/rtsp/message.ts";
import { RtspParser } from "../src/protocols/rtsp/parser.ts";
import { receiveMedia } from "../src/protocols/rtsp/receive-media.ts";
import { parseSdp } from "../src/protocols/sdp/index.ts";
import { systemClock } from "../src/util/clock.ts";
import { makeClip } from "../test/ffmpeg.ts";
import { atLeast, type BenchResult } from "./result.ts";

/** How much of the stream one read of the socket gives, as seen with cameras on a LAN. */
const readBytes = 16 * 1024;
const inbox = new Uint8Array(readBytes);
const rounds = 5;
const seconds = 2;

/** From the bytes of one RTSP connection to frames: packets per second of CPU, the median of some rounds. */
export async function run(): Promise<BenchResult> {
  const { bytes, packets } = connectionBytes();
  const rates = Array.from({ length: rounds }, () => round(bytes, packets)).sort((a, b) => a - b);
  const value = Math.round(rates[rounds >> 1] ?? 0);
  return {
    name: "rtsp-reader",
    rows: [atLeast("read", { value, unit: "packets per CPU second", reach: 200_000, floor: "packets" })],
  };
}

/** Four seconds of 720p25 as a camera sends them on one connection. */
function connectionBytes(): { readonly bytes: Uint8Array; readonly packets: number } {
  const splitter = new AccessUnitSplitter({ codec: "h264" });
  const clip = makeClip({ codec: "h264", size: "1280x720", frames: 100, keyInterval: 50 });
  const units = [...splitter.push(clip), ...splitter.flush()];
  const packetize = createPacketizer("h264", { maxPayloadBytes: 1400 });
  const chunks: Uint8Array[] = [];
  for (const [index, { nals }] of units.entries()) {
    for (const { payload, marker } of packetize(joinAnnexB(nals))) {
      const packet = { payloadType: 96, marker, sequence: chunks.length & 0xffff, timestamp: index * 3600, ssrc: 7 };
      chunks.push(serializeFrame(0, serializeRtp({ ...packet, payload })));
    }
  }
  return { bytes: Buffer.concat(chunks), packets: chunks.length };
}

function round(bytes: Uint8Array, packets: number): number {
  let read = 0;
  const before = process.cpuUsage();
  for (const endMs = performance.now() + seconds * 1000; performance.now() < endMs; read += packets) readOnce(bytes);
  const { user, system } = process.cpuUsage(before);
  return (read * 1e6) / (user + system);
}

function readOnce(bytes: Uint8Array): void {
  const [section] = parseSdp("v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n").media;
  const payload = section?.payloads[0];
  if (!section || !payload) throw new Error("no section");
  let frames = 0;
  const onTrack = () => ({ write: () => void frames++, updateFormat: () => {} });
  const sendRtp = () => true;
  const sendRtcp = sendRtp;
  const stream = { protocol: "tcp", ssrc: undefined, reachable: true, refusals: 0, sendRtp, sendRtcp } as const;
  using received = receiveMedia({ clock: systemClock, media: {}, onTrack })({ section, payload }, stream);
  const parser = new RtspParser({ borrows: true });
  for (let at = 0; at < bytes.length; at += readBytes) {
    const read = bytes.subarray(at, at + readBytes);
    // The socket reads to one place.
    inbox.set(read);
    for (const message of parser.push(inbox.subarray(0, read.length))) {
      if (message.kind === "frame") received.rtp(message.payload);
    }
  }
  if (frames === 0) throw new Error("nothing was read");
}
