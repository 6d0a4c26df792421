import assert from "node:assert/strict";
import { it } from "node:test";
import { MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket } from "werift";
import type { Format } from "../../src/media/format.ts";
import type { Frame } from "../../src/media/frame.ts";
import { createPacketizer } from "../../src/protocols/rtp/packetize.ts";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { createPublishWorker } from "../../src/workers/webrtc/publish.ts";
import { asFrames, clip } from "../rtsp.ts";
import { codecs } from "./webrtc-werift.ts";

/** A publisher by a second WebRTC implementation: a clip in H.264 and a packet of Opus for each picture. */
async function weriftPublisher() {
  const connection = new RTCPeerConnection({
    codecs,
    iceServers: [],
    iceUseIpv6: false,
    bundlePolicy: "max-bundle",
    iceAdditionalHostAddresses: ["127.0.0.1"],
  });
  const picture = new MediaStreamTrack({ kind: "video" });
  const sound = new MediaStreamTrack({ kind: "audio" });
  const { sender } = connection.addTransceiver(picture, { direction: "sendonly" });
  connection.addTransceiver(sound, { direction: "sendonly" });
  let keyFrameRequests = 0;
  sender.onPictureLossIndication.subscribe(() => keyFrameRequests++);
  const connected = Promise.withResolvers<void>();
  connection.connectionStateChange.subscribe((state) => state === "connected" && connected.resolve());
  await connection.setLocalDescription(await connection.createOffer());
  const packetize = createPacketizer("h264");
  let videoSequence = 65_500;
  let count = 0;
  const write = (track: MediaStreamTrack, header: Partial<RtpHeader>, payload: Uint8Array) =>
    track.writeRtp(new RtpPacket(new RtpHeader({ ssrc: 7, ...header }), Buffer.from(payload)));
  return {
    connection,
    connected: connected.promise,
    offerSdp: connection.localDescription!.sdp,
    keyFrameRequests: () => keyFrameRequests,
    send: (frame: Uint8Array) => {
      const timestamp = count * 3600;
      for (const { payload, marker } of packetize(frame)) {
        write(picture, { payloadType: 97, sequenceNumber: videoSequence++ & 0xffff, timestamp, marker }, payload);
      }
      const opus = Uint8Array.of(0x78, 1, 2, 3, count & 0xff);
      write(sound, { payloadType: 111, sequenceNumber: count & 0xffff, timestamp: count * 960 }, opus);
      count++;
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

it("a publisher's picture and sound come in as they were sent, from a key frame on, and end with it", async () => {
  await using worker = createPublishWorker({ clock: systemClock, log: silentLog });
  await using peer = await weriftPublisher();
  const formats: Format[] = [];
  const got = { video: [] as Frame[], audio: [] as Frame[] };
  await using publisher = await worker.publish({
    offerSdp: peer.offerSdp,
    onTrack: (format) => {
      formats.push(format);
      return { write: (frame) => got[format.kind].push(frame), updateFormat: (next) => formats.push(next) };
    },
  });
  await peer.connection.setRemoteDescription({ type: "answer", sdp: publisher.answerSdp });
  await peer.connected;
  const sent = asFrames(clip());
  const wanted = new Set(sent.map((data) => data.toString("base64")));
  for (let n = 0; got.video.length < 60 || got.audio.length < 60; n++) {
    assert.ok(n < 1000, `came: ${got.video.length} pictures, ${got.audio.length} packets of sound`);
    peer.send(clip().accessUnits[n % clip().accessUnits.length]!);
    await systemClock.sleep(10);
  }
  assert.equal(got.video[0]?.key, true);
  for (const { data } of got.video) assert.ok(wanted.has(Buffer.from(data).toString("base64")));
  for (const frames of [got.video, got.audio]) {
    assert.ok(frames.every((frame, i) => i === 0 || frame.timestampUs >= frames[i - 1]!.timestampUs));
  }
  const last = formats.findLast(({ kind }) => kind === "video");
  assert.ok(last?.kind === "video" && (last.widthPx ?? 0) > 0, "the size is known");
  assert.ok(formats.some((format) => format.kind === "audio" && format.codec === "opus"));
  await peer[Symbol.asyncDispose]();
  assert.match(await publisher.closed, /closed|disconnected|failed/);
});

it("a publisher is asked for a key frame when it sends none", async () => {
  await using worker = createPublishWorker({ clock: systemClock, log: silentLog });
  await using peer = await weriftPublisher();
  const frames: Frame[] = [];
  await using publisher = await worker.publish({
    offerSdp: peer.offerSdp,
    onTrack: (format) => ({ write: (frame) => format.kind === "video" && frames.push(frame), updateFormat: () => {} }),
  });
  await peer.connection.setRemoteDescription({ type: "answer", sdp: publisher.answerSdp });
  await peer.connected;
  const [, ...rest] = clip().accessUnits.slice(0, 10);
  for (let n = 0; peer.keyFrameRequests() === 0; n++) {
    assert.ok(n < 500, "it was never asked");
    peer.send(rest[n % rest.length]!);
    await systemClock.sleep(10);
  }
  assert.equal(frames.length, 0, "nothing before a key frame");
});
