import assert from "node:assert/strict";
import { it } from "node:test";
import type { Format } from "../../src/media/format.ts";
import type { Frame } from "../../src/media/frame.ts";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { createPublishWorker } from "../../src/workers/webrtc/publish.ts";
import { asFrames, clip } from "../rtsp.ts";
import { weriftPublisher } from "./whip-werift.ts";

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
