import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { WireError } from "../../util/errors.ts";
import { readWav, writeWav } from "./index.ts";

const wav = (samples = 800) => Buffer.from(writeWav(new Int16Array(samples), { sampleRateHz: 8000 }));

function changed(change: (file: Buffer) => void): Buffer {
  const file = wav();
  change(file);
  return file;
}

describe("WAV", () => {
  it("is read as it was written", () => {
    assert.deepEqual(readWav(wav()), { sampleRateHz: 8000, channels: 1, bitsPerSample: 16, durationUs: 100_000 });
  });

  it("is as long as what is there, when the recorder was stopped before it wrote the length", () => {
    for (const told of [0, 0xffffffff]) {
      assert.equal(readWav(changed((file) => file.writeUInt32LE(told, 40))).durationUs, 100_000);
    }
  });

  it("may hold chunks that are of no interest", () => {
    const file = wav();
    const list = Buffer.from("LIST\x03\0\0\0abc\0", "latin1");
    const longer = Buffer.concat([file.subarray(0, 36), list, file.subarray(36)]);
    assert.equal(readWav(longer).durationUs, 100_000);
  });

  it("is refused in a sentence when it is something else, empty, or cut off", () => {
    const cases: readonly (readonly [Uint8Array, RegExp])[] = [
      [Buffer.from("ID3 this is an MP3 file"), /no WAV file/],
      [new Uint8Array(0), /no WAV file/],
      [wav(0), /no sound/],
      [wav().subarray(0, 30), /cut off/],
      [wav().subarray(0, 36), /no sound/],
      [changed((file) => file.writeUInt16LE(85, 20)), /format that is not known \(85/],
      [changed((file) => file.writeUInt16LE(0, 22)), /0 channels/],
      [changed((file) => file.writeUInt32LE(1, 24)), /1 samples a second/],
      [Buffer.concat([wav().subarray(0, 12), wav().subarray(36)]), /does not say in what format/],
    ];
    for (const [file, sentence] of cases) assert.throws(() => readWav(file), sentence);
  });

  it("throws nothing but WireError, whatever the bytes are", () => {
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(fc.nat(80), fc.nat(255)).map(([at, byte]) => changed((file) => file.writeUInt8(byte, at))),
    );
    fc.assert(
      fc.property(garbage, (bytes) => {
        try {
          assert.ok(readWav(bytes).durationUs > 0);
        } catch (error) {
          assert.ok(error instanceof WireError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
