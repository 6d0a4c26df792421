import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { joinAnnexB } from "../../src/codecs/annexb.ts";
import type { Frame } from "../../src/media/frame.ts";
import { createDepacketizer } from "../../src/protocols/rtp/depacketize.ts";
import type { RtpPacket } from "../../src/protocols/rtp/packet.ts";
import { systemClock } from "../../src/util/clock.ts";
import { DoorwardError } from "../../src/util/errors.ts";
import { silentLog } from "../../src/util/log.ts";
import { createWebRtcWorker, type Viewer, type WebRtcWorker } from "../../src/workers/webrtc/index.ts";
import { makeClip } from "../ffmpeg.ts";
import { mutations } from "../mutate.ts";
import { engines } from "./webrtc-engines.ts";
import { type Clip, playClip, toneClip, videoClip } from "./webrtc-media.ts";
import { type WeriftOptions, weriftViewer } from "./webrtc-werift.ts";

// Runs alone: counts what each viewer gets while engines are killed.

const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Large enough for fragments, with two slices a picture and small units to aggregate. */
const pictures = () =>
  videoClip(makeClip({ codec: "h264", size: "640x360", frames: 50, slices: 2 }), { codec: "h264", frameRate: 25 });

/** Asserts that what came is the clip in a row, wherever it began. */
function assertInARow(received: readonly Uint8Array[], clip: Clip): void {
  const sent = clip.frames.map(({ data }) => hash(data));
  const got = received.map(hash);
  const matches = (first: number) => got.every((one, i) => one === sent[(first + i) % sent.length]);
  assert.ok(sent.keys().some(matches), "what came is not the clip from some frame on");
}

/** Calls `resolve` when `count` things came. */
function collect<T>(count: number): { readonly add: (one: T) => void; readonly all: Promise<T[]> } {
  const { promise, resolve } = Promise.withResolvers<T[]>();
  const things: T[] = [];
  const add = (one: T) => {
    if (things.length < count) things.push(one);
    if (things.length === count) resolve(things);
  };
  return { add, all: promise };
}

/** Gives packets in the order in which they were sent: what a busy machine lost of them comes again, later. */
function inOrder(take: (packet: RtpPacket) => void): (packet: RtpPacket) => void {
  const waiting = new Map<number, RtpPacket>();
  let next: number | undefined;
  return (packet) => {
    next ??= packet.sequence;
    waiting.set(packet.sequence, packet);
    for (let one = waiting.get(next); one; one = waiting.get(next)) {
      waiting.delete(next);
      next = (next + 1) & 0xffff;
      take(one);
    }
  };
}

/** Sends STUN requests (RFC 8489) for a viewer that does not exist, as those of one that has just left look. */
async function knockAsStranger(): Promise<Disposable & { readonly knock: (port: number) => void }> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const username = Buffer.from("nobody:else\0");
  const request = Buffer.concat([
    Buffer.from([0, 1, 0, 4 + username.length, 0x21, 0x12, 0xa4, 0x42]),
    Buffer.alloc(12, 7),
    Buffer.from([0, 6, 0, username.length - 1]),
    username,
  ]);
  return {
    knock: (port) => socket.send(request, port, "127.0.0.1"),
    [Symbol.dispose]: () => socket.close(),
  };
}

async function watch(
  worker: WebRtcWorker,
  options: WeriftOptions & { readonly video?: Clip; readonly audio?: Clip },
): Promise<AsyncDisposable & { readonly viewer: Viewer; readonly peer: Awaited<ReturnType<typeof weriftViewer>> }> {
  await using held = new AsyncDisposableStack();
  const video = options.video && held.use(playClip(options.video, "cam/main/video"));
  const audio = options.audio && held.use(playClip(options.audio, "cam/main/audio"));
  const peer = held.use(await weriftViewer({ setup: "active", ...options }));
  const viewer = held.use(
    await worker.view({
      offerSdp: peer.offerSdp,
      acceptMicrophone: true,
      ...(video ? { video: video.track } : {}),
      ...(audio ? { audio: audio.track } : {}),
    }),
  );
  await peer.accept(viewer.answerSdp);
  await peer.connected;
  const all = held.move();
  return { viewer, peer, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

for (const engine of engines) {
  const newWorker = (execArgv: readonly string[] = []) =>
    createWebRtcWorker({ clock: systemClock, log: silentLog, execArgv, engine });

  describe(engine, () => {
    describe("a second WebRTC implementation as viewer", () => {
      it("gets H.264 and Opus bit by bit", async () => {
        const video = pictures();
        const audio = await toneClip("opus", 1000);
        const frames = collect<Uint8Array>(40);
        const packets = collect<Uint8Array>(60);
        const depacketizer = createDepacketizer({ codec: "h264", clockRateHz: 90_000 });
        const picture = inOrder((packet) => {
          for (const unit of depacketizer.push(packet)) frames.add(joinAnnexB(unit.nals ?? []));
        });
        await using worker = newWorker();
        await using _ = await watch(worker, {
          video,
          audio,
          onPacket: (kind, packet) => (kind === "audio" ? packets.add(packet.payload) : picture(packet)),
        });
        assertInARow(await frames.all, video);
        assertInARow(await packets.all, audio);
      });

      it("gets H.265 bit by bit", async () => {
        const annexB = makeClip({ codec: "h265", size: "640x360", frames: 50 });
        const video = videoClip(annexB, { codec: "h265", frameRate: 25 });
        const frames = collect<Uint8Array>(40);
        const depacketizer = createDepacketizer({ codec: "h265", clockRateHz: 90_000 });
        await using worker = newWorker();
        const picture = inOrder((packet) => {
          for (const unit of depacketizer.push(packet)) frames.add(joinAnnexB(unit.nals ?? []));
        });
        await using _ = await watch(worker, { video, onPacket: (_, packet) => picture(packet) });
        assertInARow(await frames.all, video);
      });

      it("gets PCMU as it is", async () => {
        const audio = await toneClip("pcmu", 440);
        const packets = collect<Uint8Array>(30);
        await using worker = newWorker();
        await using _ = await watch(worker, { audio, onPacket: (_, packet) => packets.add(packet.payload) });
        assertInARow(await packets.all, audio);
      });

      for (const setup of ["actpass", "active", "passive"] as const) {
        it(`agrees on keys when its offer says ${setup}`, async () => {
          const frames = collect<null>(5);
          await using worker = newWorker();
          await using _ = await watch(worker, { setup, video: pictures(), onPacket: () => frames.add(null) });
          await frames.all;
        });
      }

      it("is heard, in order and on the hub's clock, while somebody listens", async () => {
        await using worker = newWorker();
        await using watched = await watch(worker, { audio: await toneClip("opus", 500) });
        const { peer, viewer } = watched;
        const heard = collect<Frame>(40);
        using listening = viewer.onMicrophone(heard.add);
        let sequence = 65_520;
        const speak = () => {
          const payload = Uint8Array.of(0xfc, sequence >> 8, sequence & 0xff, 1);
          peer.speak({ sequence: sequence & 0xffff, timestamp: ((sequence - 65_520) * 960) >>> 0, payload });
          sequence++;
        };
        // The timer is the microphone: 20 ms a packet.
        const timer = setInterval(speak, 20);
        const frames = await heard.all;
        clearInterval(timer);
        listening[Symbol.dispose]();
        const numbers = frames.map(({ data }) => (data[1]! << 8) | data[2]!);
        assert.deepEqual(
          numbers,
          numbers.map((_, i) => (numbers[0]! + i) & 0xffff),
        );
        const last = frames.at(-1)!;
        assert.equal(last.timestampUs - frames[0]!.timestampUs, 39 * 20_000);
        assert.equal(last.durationUs, 20_000);
        assert.ok(Math.abs(systemClock.nowUs() - last.timestampUs) < 500_000, "timestamps are on the hub's clock");
      });

      it("asks for a key frame and gets the group of pictures again", async () => {
        const clip = videoClip(makeClip({ codec: "h264", frames: 200, keyInterval: 200 }), {
          codec: "h264",
          frameRate: 25,
        });
        const key = hash(clip.frames[0]!.data);
        const depacketizer = createDepacketizer({ codec: "h264", clockRateHz: 90_000 });
        const keys = collect<null>(2);
        const ask = Promise.withResolvers<void>();
        let keyTimestamp: number | undefined;
        await using worker = newWorker();
        await using watched = await watch(worker, {
          video: clip,
          onPacket: (_, packet) => {
            for (const unit of depacketizer.push(packet)) {
              keyTimestamp ??= packet.timestamp;
              if (hash(joinAnnexB(unit.nals ?? [])) === key) keys.add(null);
              // More than a second after the key frame.
              if ((packet.timestamp - keyTimestamp) >>> 0 > 1.3 * 90_000) ask.resolve();
            }
          },
        });
        await ask.promise;
        const before = (await watched.viewer.stats()).keyFrameRequests;
        const receiver = watched.peer.connection.getReceivers()[0]!;
        const askedMs = performance.now();
        await receiver.sendRtcpPLI(receiver.tracks[0]!.ssrc!);
        await keys.all;
        assert.ok(performance.now() - askedMs < 3000, "long before the source's next key frame");
        assert.ok((await watched.viewer.stats()).keyFrameRequests > before);
      });
    });

    describe("the worker's process", () => {
      it("neither leaks nor dies by a hundred viewers, with garbage being collected all the time", async () => {
        await using worker = newWorker(["--expose-gc", "--import", "data:text/javascript,setInterval(gc, 50).unref()"]);
        // Large, so that each viewer fills what is kept for repeats.
        const large = makeClip({ codec: "h264", size: "1920x1080", frames: 10, keyInterval: 1 });
        using video = playClip(videoClip(large, { codec: "h264", frameRate: 25 }), "cam/main/video");
        using strangers = await knockAsStranger();
        const visit = async () => {
          const packets = collect<null>(200);
          await using peer = await weriftViewer({ setup: "active", onPacket: () => packets.add(null) });
          const { offerSdp } = peer;
          await using viewer = await worker.view({ offerSdp, video: video.track, acceptMicrophone: true });
          strangers.knock(Number(/^a=candidate:.* (\d+) typ host/m.exec(viewer.answerSdp)?.[1]));
          await peer.accept(viewer.answerSdp);
          await packets.all;
        };
        const visits = async (count: number) => {
          for (let i = 0; i < count / 4; i++) await Promise.all([visit(), visit(), visit(), visit()]);
        };
        await visits(20);
        const pid = worker.pid!;
        const usage = () => ({
          descriptors: readdirSync(`/proc/${pid}/fd`).length,
          kb: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]),
        });
        const before = usage();
        await visits(100);
        const after = usage();
        assert.equal(worker.pid, pid);
        assert.ok(
          after.descriptors <= before.descriptors + 4,
          `descriptors: ${before.descriptors}, then ${after.descriptors}`,
        );
        assert.ok(after.kb - before.kb < 5000, `memory: ${before.kb} kB, then ${after.kb}`);
      });

      it("costs its viewers a reconnect and nothing else when it is killed", async () => {
        await using worker = newWorker();
        using video = playClip(pictures(), "cam/main/video");
        const begin = async (setup: "active") => {
          const frames = collect<null>(3);
          const peer = await weriftViewer({ setup, onPacket: () => frames.add(null) });
          const viewer = await worker.view({ offerSdp: peer.offerSdp, video: video.track, acceptMicrophone: false });
          await peer.accept(viewer.answerSdp);
          await frames.all;
          return { peer, viewer };
        };
        const before = await begin("active");
        const { pid } = worker;
        process.kill(pid!, "SIGKILL");
        assert.equal(await before.viewer.closed, "worker-lost");
        await assert.rejects(before.viewer.stats(), { code: "viewer-gone" });
        const startedMs = performance.now();
        const after = await begin("active");
        assert.ok(performance.now() - startedMs < 2000, "a new picture within 2 s");
        assert.notEqual(worker.pid, pid);
        assert.equal(video.track.readerCount, 1);
        await after.viewer[Symbol.asyncDispose]();
        assert.equal(video.track.readerCount, 0);
        await before.peer[Symbol.asyncDispose]();
        await after.peer[Symbol.asyncDispose]();
      });

      it("notices a viewer that vanished without a word", async () => {
        await using worker = newWorker();
        using video = playClip(pictures(), "cam/main/video");
        const vanishing = fork(new URL("./webrtc-vanishing.ts", import.meta.url), { execArgv: [] });
        const [offerSdp] = (await once(vanishing, "message")) as [string];
        const viewer = await worker.view({ offerSdp, video: video.track, acceptMicrophone: true });
        const heard = collect<Frame>(5);
        viewer.onMicrophone(heard.add);
        vanishing.send(viewer.answerSdp);
        await heard.all;
        vanishing.kill("SIGKILL");
        assert.equal(await viewer.closed, "disconnected");
        assert.equal(video.track.readerCount, 0);
      });

      it("serves all viewers on one UDP port, and says when that is taken", async () => {
        // Not one that the system hands to others as soon as it is free.
        const port = randomInt(20_000, 30_000);
        const socket = createSocket("udp4").bind(port);
        await once(socket, "listening");
        const ports = ({ answerSdp }: Viewer) =>
          [...answerSdp.matchAll(/^a=candidate:.* (\d+) typ/gm)].map((one) => Number(one[1]));
        await using worker = createWebRtcWorker({ clock: systemClock, log: silentLog, udpPort: port, engine });
        using video = playClip(pictures(), "cam/main/video");
        const view = async () => {
          await using peer = await weriftViewer();
          return await worker.view({ offerSdp: peer.offerSdp, video: video.track, acceptMicrophone: false });
        };
        await assert.rejects(view(), { code: "view-failed", message: new RegExp(`UDP port ${port}`) });
        assert.equal(video.track.readerCount, 0);
        socket.close();
        await once(socket, "close");
        for (const viewer of [await view(), await view()]) {
          assert.deepEqual([...new Set(ports(viewer))], [port]);
          await viewer[Symbol.asyncDispose]();
        }
      });

      it("is up before the first viewer when one is expected", async () => {
        await using worker = newWorker();
        assert.equal(worker.pid, undefined);
        using _expected = worker.expect();
        await setImmediate();
        const { pid } = worker;
        assert.ok(pid);
        using video = playClip(pictures(), "cam/main/video");
        await using peer = await weriftViewer();
        await using _viewer = await worker.view({
          offerSdp: peer.offerSdp,
          video: video.track,
          acceptMicrophone: false,
        });
        assert.equal(worker.pid, pid);
      });

      it("survives malformed offers and candidates", async () => {
        await using worker = newWorker();
        using video = playClip(pictures(), "cam/main/video");
        await using peer = await weriftViewer({ setup: "active" });
        const offers = mutations(7, [Buffer.from(peer.offerSdp)], 300);
        const text = Buffer.from("candidate:1 1 udp 2113937151 127.0.0.1 44829 typ host");
        const candidates = mutations(8, [text], 300);
        const odd = (from: Generator<Uint8Array>) => Buffer.from(from.next().value ?? []).toString("latin1");
        let served = 0;
        for (let i = 0; i < 300; i++) {
          try {
            await using viewer = await worker.view({
              offerSdp: odd(offers),
              video: video.track,
              acceptMicrophone: true,
            });
            served++;
            viewer.addCandidate({ candidate: odd(candidates), sdpMid: i % 2 === 0 ? "0" : "\0,x" });
          } catch (error) {
            assert.ok(error instanceof DoorwardError, String(error));
          }
        }
        assert.ok(served > 20 && served < 300, `${served} were served`);
        const { pid } = worker;
        await using watched = await watch(worker, { video: pictures() });
        assert.equal(worker.pid, pid, "it is still the first process");
        assert.ok((await watched.viewer.stats()).framesDropped === 0);
      });

      it("says why an offer cannot be served", async () => {
        await using worker = newWorker();
        using video = playClip(pictures(), "cam/main/video");
        const request = { video: video.track, acceptMicrophone: false };
        await assert.rejects(worker.view({ ...request, offerSdp: "v=0\r\n" }), { code: "bad-offer" });
        assert.equal(worker.pid, undefined);
      });
    });
  });
}
