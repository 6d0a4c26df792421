import assert from "node:assert/strict";
import { test } from "node:test";
import { ffmpeg, makeClip } from "../../../test/ffmpeg.ts";
import { mutations } from "../../../test/mutate.ts";
import { pcmFormat, type VideoFormat } from "../../media/format.ts";
import { DoorwardError } from "../../util/errors.ts";
import { quietFfmpeg } from "./child/av.ts";
import { AudioConversionCore } from "./child/conversion.ts";
import { openFile } from "./child/file.ts";
import { keyFrameToJpeg } from "./child/picture.ts";
import { audio, pcmFrames } from "./testing.ts";

// In this test's own process, without the child: an FFmpeg that crashes would end the test.
quietFfmpeg();

test("10,000 malformed packets: decoding goes on, time does not run away", async () => {
  const tone = pcmFrames((seconds) => 0.3 * Math.sin(3000 * seconds), { seconds: 1, rateHz: 48_000 });
  for (const format of [audio("aac", 48_000), audio("opus", 48_000), audio("g722", 16_000), audio("pcma", 8000)]) {
    using encode = await AudioConversionCore.open(pcmFormat(48_000), format, 1);
    const packets = [...tone.flatMap((frame) => encode.push(frame)), ...encode.flush()].map((frame) => frame.data);
    using decode = await AudioConversionCore.open(encode.output, pcmFormat(16_000), 1);
    let blocks = 0;
    let index = 0;
    for (const data of mutations(11, packets, 2500)) {
      const frame = { data, timestampUs: index++ * 20_000, key: true };
      for (const { data: block } of decode.push(frame)) {
        assert.equal(block.length, 640);
        blocks++;
      }
    }
    assert.ok(blocks <= 2510, `${format.codec}: ${blocks} blocks of 2500 packets`);
    const last = packets.at(-3) ?? new Uint8Array();
    const after = [0, 1, 2, 3].flatMap((n) =>
      decode.push({ data: last, timestampUs: (index + n) * 20_000, key: true }),
    );
    assert.ok(after.length > 0, `${format.codec}: still decodes`);
  }
});

test("malformed files end with what could be played or with a sentence", async () => {
  const make = (codec: string, muxer: string): Uint8Array =>
    ffmpeg(["-f", "lavfi", "-i", "sine=d=0.3", "-c:a", codec, "-f", muxer, "pipe:1"]);
  const samples = [
    make("pcm_s16le", "wav"),
    make("libmp3lame", "mp3"),
    make("libopus", "ogg"),
    make("aac", "adts"),
    make("flac", "matroska"),
  ];
  let played = 0;
  let refused = 0;
  for (const bytes of mutations(12, samples, 600)) {
    let rest: Uint8Array | undefined = bytes;
    const pull = async (): Promise<Uint8Array | undefined> => {
      const chunk = rest;
      rest = undefined;
      return chunk;
    };
    try {
      const file = await openFile(pull, { output: pcmFormat(8000), gain: 1 });
      let blocks = 0;
      for await (const frames of file.batches) {
        blocks += frames.length;
        if (blocks > 3000) break;
      }
      played++;
    } catch (error) {
      assert.ok(error instanceof DoorwardError, String(error));
      refused++;
    }
  }
  assert.ok(played > 100 && refused > 20, `${played} played, ${refused} refused`);
});

test("malformed key frames give a picture or a sentence", async () => {
  for (const codec of ["h264", "h265"] as const) {
    const format: VideoFormat = { kind: "video", codec, parameterSets: [] };
    const sample = makeClip({ codec, frames: 1, size: "64x48" });
    for (const bytes of mutations(13, [sample], 300)) {
      if (bytes.length === 0) continue;
      const result = await keyFrameToJpeg(format, bytes, 32).catch((error: unknown) => error);
      assert.ok(result instanceof Uint8Array || result instanceof DoorwardError, String(result));
    }
  }
});
