import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ffmpeg, makeClip } from "../../test/ffmpeg.ts";
import { mutations } from "../../test/mutate.ts";
import { WireError } from "../util/errors.ts";
import { parseAacConfig, readAdts } from "./aac/index.ts";
import { AccessUnitSplitter } from "./access-unit.ts";
import { fromLengthPrefixed, joinAnnexB, splitAnnexB } from "./annexb.ts";
import { parseAvcC, parseH264Sps } from "./h264/index.ts";
import { parseH265Sps, parseHvcC } from "./h265/index.ts";
import { nalFacts } from "./nal.ts";
import { opusPacketDurationUs } from "./opus/index.ts";
import { ParameterSetKeeper, videoFormat } from "./video-format.ts";

const count = 10_000;
const clips: Record<"h264" | "h265", Uint8Array> = { h264: Buffer.alloc(0), h265: Buffer.alloc(0) };

before(() => {
  for (const codec of ["h264", "h265"] as const)
    clips[codec] = makeClip({ codec, frames: 4, keyInterval: 2, size: "128x96" });
});

/** Runs `parse` over the mutations: anything but WireError fails, and memory stays bounded. */
function survives(samples: readonly Uint8Array[], parse: (bytes: Uint8Array) => unknown): void {
  const before = process.memoryUsage().arrayBuffers;
  for (const bytes of mutations(20_261_121, samples, count)) {
    try {
      parse(bytes);
    } catch (error) {
      assert.ok(error instanceof WireError, `${error} for ${Buffer.from(bytes).toString("hex").slice(0, 200)}`);
    }
  }
  const grownMb = (process.memoryUsage().arrayBuffers - before) / 2 ** 20;
  assert.ok(grownMb < 256, `${grownMb} MB more than before`);
}

/** The beginning of a record as MP4 holds it. */
function record(codec: "h264" | "h265"): Uint8Array {
  const mp4 = ffmpeg(
    ["-f", codec === "h264" ? "h264" : "hevc", "-i", "pipe:0", "-c", "copy", "-f", "ismv", "-"],
    clips[codec],
  );
  const box = mp4.indexOf(codec === "h264" ? "avcC" : "hvcC");
  return mp4.subarray(box + 4, box - 4 + mp4.readUInt32BE(box - 4));
}

describe(`${count} malformed inputs`, () => {
  test("Annex B", () => survives([clips.h264, clips.h265], splitAnnexB));

  test("length-prefixed units", () => {
    const framed = Buffer.concat(
      splitAnnexB(clips.h264).map((nal) => Buffer.concat([Uint8Array.of(0, 0, nal.length >> 8, nal.length), nal])),
    );
    survives([framed], (bytes) => fromLengthPrefixed(bytes));
  });

  for (const codec of ["h264", "h265"] as const) {
    test(`${codec}: SPS`, () => {
      const sets = splitAnnexB(clips[codec]).filter((nal) => nalFacts[codec].isSps(nal));
      survives(sets, codec === "h264" ? parseH264Sps : parseH265Sps);
      survives(sets, (bytes) => videoFormat(codec, [bytes]));
    });

    test(`${codec}: configuration record`, () => survives([record(codec)], codec === "h264" ? parseAvcC : parseHvcC));

    test(`${codec}: access units, each stream new`, () => {
      survives([clips[codec]], (bytes) => {
        const splitter = new AccessUnitSplitter({ maxBytes: 65_536 });
        const units = [...splitter.push(bytes), ...splitter.flush()];
        const keeper = new ParameterSetKeeper(codec);
        for (const unit of units) keeper.prepare(unit.nals);
      });
    });

    test(`${codec}: access units, all in one stream`, () => {
      const splitter = new AccessUnitSplitter({ codec, maxBytes: 65_536 });
      const keeper = new ParameterSetKeeper(codec);
      survives([clips[codec], joinAnnexB([])], (bytes) => {
        for (const unit of splitter.push(bytes)) keeper.prepare(unit.nals);
      });
      assert.ok(keeper.format.parameterSets.length <= 32);
    });
  }

  test("AAC configuration and ADTS", () => {
    survives([Uint8Array.of(0x12, 0x10), Uint8Array.of(0xeb, 0x09, 0x88, 0x00)], parseAacConfig);
    survives([ffmpeg(["-f", "lavfi", "-i", "sine=duration=0.1", "-c:a", "aac", "-f", "adts", "-"])], readAdts);
  });

  test("Opus packets", () => survives([Uint8Array.of(0xfb, 6, 1, 2, 3)], opusPacketDurationUs));
});
