import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { it } from "node:test";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { createWebRtcWorker } from "../../src/workers/webrtc/index.ts";
import { engines } from "./webrtc-engines.ts";
import { playClip, toneClip } from "./webrtc-media.ts";
import { weriftViewer } from "./webrtc-werift.ts";

/** A STUN server (RFC 8489) that sees everybody at 198.51.100.9:40404. */
async function startStunServer() {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  let questions = 0;
  socket.on("message", (question, { port }) => {
    questions++;
    const mapped = Buffer.from([0, 1, ...[0x9d, 0xd4].map((byte, i) => byte ^ [0x21, 0x12][i]!)]);
    const address = Buffer.from([198 ^ 0x21, 51 ^ 0x12, 100 ^ 0xa4, 9 ^ 0x42]);
    const head = Buffer.from([1, 1, 0, 12]);
    socket.send(Buffer.concat([head, question.subarray(4, 20), Buffer.from([0, 0x20, 0, 8]), mapped, address]), port);
  });
  return {
    url: `stun:127.0.0.1:${socket.address().port}`,
    questions: () => questions,
    [Symbol.dispose]: () => socket.close(),
  };
}

for (const engine of engines.filter((one) => one === "native")) {
  it("offers the public address that a STUN server sees, and serves viewers all the same", async () => {
    using server = await startStunServer();
    await using worker = createWebRtcWorker({ clock: systemClock, log: silentLog, engine, iceServers: [server.url] });
    using audio = playClip(await toneClip("opus", 440), "cam/main/audio");
    const packet = Promise.withResolvers<void>();
    await using peer = await weriftViewer({ setup: "active", onPacket: () => packet.resolve() });
    await using viewer = await worker.view({
      offerSdp: peer.offerSdp,
      audio: audio.track,
      acceptMicrophone: false,
    });
    assert.match(viewer.answerSdp, /^a=candidate:\S+ 1 UDP \d+ 198\.51\.100\.9 40404 typ srflx raddr/m);
    await peer.accept(viewer.answerSdp);
    await packet.promise;
    assert.ok(server.questions() > 0);
  });

  it("finds a viewer whose own checks do not come through", async () => {
    // As behind a router: the viewer knows no way to us, and must be found by our checks of its candidates.
    await using worker = createWebRtcWorker({ clock: systemClock, log: silentLog, engine });
    using audio = playClip(await toneClip("opus", 440), "cam/main/audio");
    const packet = Promise.withResolvers<void>();
    await using peer = await weriftViewer({ setup: "active", onPacket: () => packet.resolve() });
    await using viewer = await worker.view({
      offerSdp: peer.offerSdp,
      audio: audio.track,
      acceptMicrophone: false,
    });
    const hidden = viewer.answerSdp.replaceAll(
      /^(a=candidate:\S+ 1 UDP \d+) \S+ \d+ typ host/gm,
      "$1 127.0.0.1 9 typ host",
    );
    await peer.accept(hidden);
    await packet.promise;
  });

  it("leaves what needs a relay to the child in TypeScript", async () => {
    const iceServers = ["turn:user:password@127.0.0.1:9"];
    await using worker = createWebRtcWorker({ clock: systemClock, log: silentLog, iceServers });
    using audio = playClip(await toneClip("opus", 440), "cam/main/audio");
    await using peer = await weriftViewer({ setup: "active" });
    const viewing = worker.view({ offerSdp: peer.offerSdp, audio: audio.track, acceptMicrophone: false });
    await using _ = await viewing;
    assert.equal(worker.engine, "node");
  });
}

for (const engine of engines) {
  it(`tells a viewer no address of an interface that is left out (${engine})`, async () => {
    const leaveOutInterfaces = ["*"];
    await using worker = createWebRtcWorker({ clock: systemClock, log: silentLog, engine, leaveOutInterfaces });
    using audio = playClip(await toneClip("opus", 440), "cam/main/audio");
    const packet = Promise.withResolvers<void>();
    await using peer = await weriftViewer({ setup: "active", onPacket: () => packet.resolve() });
    await using viewer = await worker.view({ offerSdp: peer.offerSdp, audio: audio.track, acceptMicrophone: false });
    const told = [...viewer.answerSdp.matchAll(/^a=candidate:\S+ 1 UDP \d+ (\S+)/gim)].map(([, address]) => address);
    assert.deepEqual(told, ["127.0.0.1"]);
    await peer.accept(viewer.answerSdp);
    await packet.promise;
  });
}
