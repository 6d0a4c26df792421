import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ffmpeg, frameHashes, makeClip } from "../../../test/ffmpeg.ts";
import { asFrames, clip, clipOf, pictureHash, runDriver } from "../../../test/rtsp.ts";
import { h264NalType } from "../../codecs/h264/index.ts";
import type { NalCodec } from "../../media/format.ts";
import { packetizeVideo } from "../../protocols/rtp/packetize-video.ts";
import type { RtpPayload } from "../../protocols/rtp/payload.ts";
import { startFakeRtsp } from "./fake.ts";
import type { FakeNalVideo } from "./fake-media.ts";

interface Seen {
  /** Each picture that came, from the first key picture on. */
  readonly pictures: readonly Uint8Array[];
  /** Sizes that the track's format had, one after the other. */
  readonly sizes: readonly string[];
  readonly connections: number;
}

/** Watches a camera for as many pictures as `video` has, twice. */
async function watch(
  video: FakeNalVideo,
  picture?: (nals: readonly Uint8Array[]) => readonly RtpPayload[],
): Promise<Seen> {
  await using fake = await startFakeRtsp({ video, faults: { picture } });
  await using running = runDriver({ address: fake.address, backchannel: "off" });
  const { device } = running;
  await device.until(() => (device.video?.counters.frames ?? 0) > 0);
  const track = device.video!;
  using reader = track.read();
  const pictures: Uint8Array[] = [];
  const sizes: string[] = [];
  while (pictures.length < 2 * video.accessUnits.length) {
    await device.until(() => reader.queued > 0);
    pictures.push(reader.take()!.data);
    const { format } = track;
    const size = format.kind === "video" ? `${format.widthPx}x${format.heightPx}` : "";
    if (size !== sizes.at(-1)) sizes.push(size);
  }
  assert.equal(device.video, track, "viewers keep their track");
  return { pictures, sizes, connections: fake.counters.connections };
}

/** All came, whole and in their order. */
function assertWhole({ pictures, connections }: Seen, video: FakeNalVideo): void {
  const sent = asFrames(video).map((data) => pictureHash(data, video.codec));
  const first = sent.indexOf(pictureHash(pictures[0]!, video.codec));
  const got = pictures.map((data) => pictureHash(data, video.codec));
  assert.deepEqual(
    got,
    got.map((_, n) => sent[(first + n) % sent.length]),
  );
  assert.equal(connections, 1);
}

const size = (codec: NalCodec, wide: string) => makeClip({ codec, size: wide, frames: 20, keyInterval: 10 });

describe("a camera that changes its picture while it is watched:", () => {
  for (const codec of ["h264", "h265"] as const) {
    test(`${codec}, from one size to another and back`, async () => {
      const video = clipOf(codec, [size(codec, "320x240"), size(codec, "640x360")]);
      const seen = await watch(video);
      assertWhole(seen, video);
      const [a, b, c] = seen.sizes;
      assert.deepEqual([a, b].toSorted(), ["320x240", "640x360"]);
      assert.equal(c, a);
    });
  }

  test("three sizes, the sets as marked packets of their own", async () => {
    const video = clipOf("h264", [size("h264", "320x240"), size("h264", "176x144"), size("h264", "640x480")]);
    const seen = await watch(video, (nals) =>
      nals.flatMap((nal) =>
        [7, 8].includes(h264NalType(nal))
          ? [{ payload: nal, marker: true, timestampOffset: 0 }]
          : packetizeVideo([nal], { codec: "h264", maxBytes: 1200 }),
      ),
    );
    assertWhole(seen, video);
    assert.equal(new Set(seen.sizes).size, 3);
  });

  test("other sets at the same size", async () => {
    const coder = (profile: string) =>
      ffmpeg([
        ...["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25", "-frames:v", "20", "-pix_fmt", "yuv420p"],
        ...["-c:v", "libx264", "-preset", "fast", "-profile:v", profile, "-bf", "0", "-g", "10", "-f", "h264", "-"],
      ]);
    const video = clipOf("h264", [coder("baseline"), coder("high")]);
    const seen = await watch(video);
    assertWhole(seen, video);
    const annexB = Buffer.concat(seen.pictures);
    const wanted = new Set(frameHashes(Buffer.concat(video.accessUnits), "h264"));
    assert.ok(
      frameHashes(annexB, "h264").every((hash) => wanted.has(hash)),
      "each picture decodes with its own sets",
    );
  });
});

describe("an interlaced picture:", () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ["upper field first", "tff=1", 1],
    ["lower field first, in four slices", "bff=1", 4],
    ["marked as interlaced, coded progressively", "fake-interlaced=1", 2],
  ];
  for (const [name, params, slices] of cases) {
    test(name, async () => {
      const made = ffmpeg([
        ...["-f", "lavfi", "-i", "testsrc2=size=352x288:rate=25", "-frames:v", "30", "-pix_fmt", "yuv420p"],
        ...["-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", "10", "-slices", `${slices}`],
        ...["-x264-params", `${params}`, "-f", "h264", "-"],
      ]);
      const video = clipOf("h264", [made]);
      assert.equal(video.accessUnits.length, 30, "one access unit a picture");
      const seen = await watch(video);
      assertWhole(seen, video);
      assert.equal(seen.sizes.join(), "352x288");
    });
  }
});

describe("packets of the interleaved mode, which carry an order of decoding:", () => {
  const order = (n: number) => Uint8Array.of(n >> 8, n & 0xff);
  const usual = (nals: readonly Uint8Array[]) => packetizeVideo(nals, { codec: "h264", maxBytes: 400 });
  /** The first piece of a unit as FU-B, the others as FU-A (RFC 6184, 5.8). */
  const asFuB = (payloads: readonly RtpPayload[]) =>
    payloads.map((one, n) => {
      const [indicator = 0, header = 0] = one.payload;
      if ((indicator & 31) !== 28 || (header & 0x80) === 0) return one;
      const payload = Buffer.concat([
        Uint8Array.of((indicator & 0xe0) | 29, header),
        order(n),
        one.payload.subarray(2),
      ]);
      return { ...one, payload };
    });
  const asStapB = (payloads: readonly RtpPayload[]) =>
    payloads.map((one, n) => {
      const [indicator = 0] = one.payload;
      if ((indicator & 31) !== 24) return one;
      const payload = Buffer.concat([Uint8Array.of((indicator & 0xe0) | 25), order(n), one.payload.subarray(1)]);
      return { ...one, payload };
    });
  const inStaps = (nals: readonly Uint8Array[]) => {
    const small = nals.filter((nal) => nal.length < 100);
    const large = nals.filter((nal) => nal.length >= 100);
    const parts = small.flatMap((nal) => [order(nal.length), nal]);
    const group = {
      payload: Buffer.concat([Uint8Array.of(0x78), ...parts]),
      marker: large.length === 0,
      timestampOffset: 0,
    };
    return [...(small.length > 0 ? [group] : []), ...usual(large)];
  };
  const cases: readonly (readonly [string, (nals: readonly Uint8Array[]) => readonly RtpPayload[]])[] = [
    ["FU-B", (nals) => asFuB(usual(nals))],
    ["STAP-B", (nals) => asStapB(inStaps(nals))],
    ["both", (nals) => asFuB(asStapB(inStaps(nals)))],
  ];
  for (const [name, picture] of cases) {
    test(name, async () => {
      const kinds = new Set<number>();
      const seen = await watch(clip(), (nals) => {
        const payloads = picture(nals);
        for (const { payload } of payloads) kinds.add(payload[0]! & 31);
        return payloads;
      });
      assertWhole(seen, clip());
      assert.ok(kinds.has(29) || kinds.has(25), "such packets were sent");
    });
  }
});
