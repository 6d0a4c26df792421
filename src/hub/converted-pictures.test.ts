import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PictureConversionOptions } from "../media/picture-conversion.ts";
import { Track } from "../media/track.ts";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import { ConvertedPictures } from "./converted-pictures.ts";
import { mostConversions, transcodeConfig } from "./transcode-config.ts";

const offer = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 H264/90000\r\n";

function rig(config: Parameters<typeof transcodeConfig.parse>[0] = { max: 2 }) {
  const clock = new ManualClock();
  const began: (PictureConversionOptions & { readonly source: Track; ended: boolean })[] = [];
  const expected: number[] = [];
  const pictures = new ConvertedPictures({
    clock,
    log: silentLog,
    converter: {
      expect: () => expected.push(began.length),
      convertPicture: (source, options) => {
        const conversion = { ...options, source, ended: false };
        began.push(conversion);
        const end = () => {
          conversion.ended = true;
        };
        return { encoder: "fake", skipped: 0, keyFrame: () => {}, [Symbol.dispose]: end };
      },
    },
  });
  pictures.follow(transcodeConfig.parse(config));
  const camera = (id: string, codec: "h264" | "h265" = "h265", reordered = false) =>
    new Track({ kind: "video", codec, parameterSets: [], ...(reordered && { reordered }) }, { id, clock });
  return { clock, pictures, camera, began, expected, running: () => began.filter(({ ended }) => !ended).length };
}

describe("pictures for browsers", () => {
  it("have what converts made ready where no browser shows them, and conversions are allowed", () => {
    const { pictures, expected, began } = rig();
    const picture = { kind: "video", codec: "h264", parameterSets: [] } as const;
    pictures.expect(picture);
    pictures.expect({ ...picture, codec: "h265" });
    assert.equal(expected.length, 0, "some browsers show it as it is");
    pictures.expect({ ...picture, codec: "mjpeg" });
    pictures.expect({ ...picture, reordered: true });
    assert.deepEqual([expected, began.length], [[0, 0], 0], "nothing is converted yet");
    pictures.follow(transcodeConfig.parse({ max: 0 }));
    pictures.expect({ ...picture, codec: "mjpeg" });
    assert.equal(expected.length, 2);
  });

  it("that can be shown are not converted", () => {
    const { pictures, camera, began } = rig();
    const track = camera("plain", "h264");
    using shown = pictures.show(track, offer);
    assert.equal(shown.track, track);
    assert.equal(shown.conversion, undefined);
    assert.equal(began.length, 0);
  });

  it("are converted once for all viewers, from the first until some seconds after the last", async () => {
    const { clock, pictures, camera, began, running } = rig();
    const track = camera("h265");
    const shown = [1, 2, 3].map(() => pictures.show(track, offer));
    assert.equal(new Set(shown.map((one) => one.track)).size, 1);
    assert.deepEqual(shown[0]?.conversion, { from: "h265", why: "codec" });
    assert.equal(began.length, 1);
    assert.deepEqual(pictures.list()[0]?.viewers, 3);
    for (const one of shown) one[Symbol.dispose]();
    shown[0]?.[Symbol.dispose]();
    await clock.advance(4900);
    assert.equal(running(), 1);
    using again = pictures.show(track, offer);
    await clock.advance(10_000);
    assert.equal(running(), 1);
    again[Symbol.dispose]();
    await clock.advance(5000);
    assert.equal(running(), 0);
    assert.equal(again.track.open, false);
  });

  it("are refused beyond what is set, unless one that nobody watches makes room", () => {
    const { pictures, camera, running } = rig({ max: 1 });
    const first = pictures.show(camera("one", "h264", true), offer);
    assert.equal(first.conversion?.why, "reordered");
    const second = camera("two");
    assert.throws(() => pictures.show(second, offer), {
      code: "codec-unsupported",
      message: "this browser cannot show H.265, and the hub converts as many pictures as it may: 1",
      fields: { codec: "h265", why: "codec", reason: "busy", limit: 1 },
    });
    first[Symbol.dispose]();
    using _second = pictures.show(second, offer);
    assert.equal(first.track.open, false);
    assert.equal(running(), 1);
  });

  it("are refused beyond a limit that was lowered meanwhile, whoever nobody watches makes room or not", () => {
    const { pictures, camera, running } = rig({ max: 2 });
    using _watched = pictures.show(camera("one"), offer);
    pictures.show(camera("two"), offer)[Symbol.dispose]();
    pictures.follow(transcodeConfig.parse({ max: 1 }));
    assert.throws(() => pictures.show(camera("three"), offer), /as many pictures as it may: 1/);
    assert.equal(running(), 1);
  });

  it("that cannot be converted are not tried again for half a minute, and the reason is told", async () => {
    const { clock, pictures, camera, began } = rig();
    const track = camera("odd");
    using shown = pictures.show(track, offer);
    began[0]?.onFailed(new Error("FFmpeg has no encoder for H.264 here"));
    assert.equal(shown.track.open, false);
    assert.throws(() => pictures.show(track, offer), {
      fields: { codec: "h265", why: "codec", reason: "failed", limit: 2 },
    });
    await clock.advance(30_000);
    using _again = pictures.show(track, offer);
    assert.equal(began.length, 2);
  });

  it("end with their camera's", () => {
    const { pictures, camera, running } = rig();
    const track = camera("gone");
    using shown = pictures.show(track, offer);
    track.close();
    assert.equal(running(), 0);
    assert.equal(shown.track.open, false);
    assert.deepEqual(pictures.list(), []);
  });

  it("are not converted at all where that is set", () => {
    const { pictures, camera } = rig({ max: 0 });
    assert.throws(() => pictures.show(camera("off"), offer), /set to convert none/);
  });

  it("are as many as the machine has room for, unless it is set", () => {
    const config = transcodeConfig.parse({});
    assert.deepEqual(
      [1, 2, 4, 8].map((processors) => mostConversions(config, processors)),
      [1, 2, 2, 5],
    );
    assert.equal(mostConversions(transcodeConfig.parse({ max: 7 }), 2), 7);
  });
});
