// A scripted camera in a process of its own, for the benches: see bench/camera-process.ts.
import { readFileSync } from "node:fs";
import { joinAnnexB } from "../src/codecs/annexb.ts";
import { startFake, unitsOf } from "../src/drivers/elementary/fake.ts";
import { startFakeRtsp } from "../src/drivers/rtsp/fake.ts";
import { audioTrack, playTracks, videoTrack } from "../src/drivers/rtsp/fake-media.ts";
import { opusFormat } from "../src/media/format.ts";
import { RtspServer, type RtspServerPeer } from "../src/protocols/rtsp/server.ts";
import { systemClock } from "../src/util/clock.ts";
import { stamp } from "./stamp.ts";

/**
 * What the camera is: a clip over RTSP or as raw video with the hook's manners, or frames in the shape of a real stream
 * that end with the time at which they were sent. Clips are H.264 at 25 frames a second.
 */
export type CameraKind = "clip-rtsp" | "clip-raw" | "stamped-rtsp" | "stamped-raw";

/** Camera to its parent: where it is, and on request what its loudspeaker was given (second byte of each Opus packet). */
export type FromCamera =
  | { readonly type: "address"; readonly address: string }
  | { readonly type: "heard"; readonly voices: readonly number[] };

const frameRate = 25;
/** 720p25 H.264 of 1.76 Mbit/s in shape: a key frame of 50 packets each second, 6 for each other frame. */
const shape = { keyEvery: 25, keyBytes: 58_000, otherBytes: 6700 };
const opusBytes = 80;

async function start(
  kind: CameraKind,
  clip: Buffer,
): Promise<{ readonly address: string; heard?(): readonly number[] }> {
  if (kind === "clip-raw") return startFake({ codec: "h264", units: unitsOf(clip), frameRate, delimiters: true });
  if (kind === "clip-rtsp") {
    const accessUnits = unitsOf(clip).map(joinAnnexB);
    const fake = await startFakeRtsp({ video: { codec: "h264", accessUnits, frameRate }, backchannel: [opusFormat] });
    return {
      address: fake.address,
      heard: () => fake.ear.packets.splice(0).map(({ data }) => data[1] ?? 0),
    };
  }
  return kind === "stamped-raw" ? startStampedRaw(clip) : startStampedRtsp(clip);
}

function startStampedRaw(clip: Buffer) {
  async function* units() {
    for (let n = 0; ; n++) yield shapedUnit(n, setsOf(clip)).map(stamped);
  }
  return startFake({ codec: "h264", units: units(), frameRate, delimiters: true });
}

async function startStampedRtsp(clip: Buffer) {
  const sets = setsOf(clip);
  const accessUnits = Array.from({ length: shape.keyEvery }, (_, n) => joinAnnexB(shapedUnit(n, sets)));
  const packets = [Buffer.alloc(opusBytes, 0x5a).fill(0xfc, 0, 1)];
  const tracks = [
    videoTrack({ codec: "h264", accessUnits, frameRate }, { sprop: true }),
    audioTrack({ format: opusFormat, packets, packetMs: 20 }),
  ].map((track) => ({ ...track, packetize: (unit: Uint8Array, n: number) => track.packetize(stamped(unit), n) }));
  const playing = new Map<RtspServerPeer, Disposable>();
  const sinceUs = systemClock.nowUs();
  const stop = (peer: RtspServerPeer) => {
    playing.get(peer)?.[Symbol.dispose]();
    playing.delete(peer);
  };
  const head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=bench", "c=IN IP4 0.0.0.0", "t=0 0", "a=control:*"];
  const lines = tracks.flatMap(({ sdp, control }) => [...sdp, `a=control:${control}`]);
  const server = await RtspServer.listen({
    protocols: ["tcp"],
    describe: (request) => ({
      status: 200,
      headers: { "Content-Type": "application/sdp", "Content-Base": `${request.uri}/` },
      body: `${[...head, ...lines].join("\r\n")}\r\n`,
    }),
    onPlay: (peer) => playing.set(peer, playTracks(tracks, { clock: systemClock, outlet: peer, sinceUs })),
    onTeardown: stop,
    onGone: stop,
  });
  return { address: `rtsp://127.0.0.1:${server.port}/stream` };
}

/** The clip's parameter sets. */
function setsOf(clip: Buffer): Uint8Array[] {
  return (unitsOf(clip)[0] ?? []).filter((nal) => [7, 8].includes(nal[0]! & 0x1f));
}

/** The `n`-th frame in the shape of a real stream: a slice with its first macroblock (H.264 7.3.3), then filling. */
function shapedUnit(n: number, sets: readonly Uint8Array[]): Uint8Array[] {
  const key = n % shape.keyEvery === 0;
  const slice = Buffer.alloc(key ? shape.keyBytes : shape.otherBytes, 0x5a);
  slice.set([key ? 0x65 : 0x41, 0x88]);
  return key ? [...sets, slice] : [slice];
}

/** Writes the time into the end of a frame or packet; parameter sets stay as they are. */
function stamped(unit: Uint8Array): Uint8Array {
  if (unit.length >= opusBytes) stamp(unit);
  return unit;
}

if (process.send) {
  process.once("disconnect", () => process.exit(0));
  const [kind, clipPath] = process.argv.slice(2) as [CameraKind, string];
  const camera = await start(kind, readFileSync(clipPath));
  process.on("message", () => process.send?.({ type: "heard", voices: camera.heard?.() ?? [] } satisfies FromCamera));
  process.send({ type: "address", address: camera.address } satisfies FromCamera);
}
