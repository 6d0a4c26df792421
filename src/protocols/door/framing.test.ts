import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { WireError } from "../../util/errors.ts";
import { writeBinaryFrame } from "./binary.ts";
import { DoorFraming, type DoorPiece } from "./framing.ts";
import { doorLimits } from "./limits.ts";

/** All pieces of bytes that come in the given cuts, as text or numbers. */
function cut(framing: DoorFraming, chunks: readonly Uint8Array[]): string[] {
  return chunks.flatMap((chunk) => [...framing.push(chunk)].map(say));
}

function say(piece: DoorPiece): string {
  if (piece.type === "line") return `line ${new TextDecoder().decode(piece.line)}`;
  return piece.type === "sound" ? `sound ${piece.sound.streamId} ${piece.sound.pcm.length}` : piece.type;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const sound = { streamId: "türe", sequence: 7, sampleRateHz: 16_000, channels: 1, toClient: false };
const frame = writeBinaryFrame({ ...sound, pcm: new Uint8Array(640).fill(10) });

describe("framing of door stations", () => {
  it("finds every line whatever the packets: glued, halved, byte by byte, within a letter", () => {
    const text = '{"name":"Haustür 🔔 Привет 门铃"}\r\n\n{"a":1}\n{"b":2}\n';
    const expected = text
      .split("\n")
      .slice(0, -1)
      .map((line) => `line ${line}`);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 60 }), (sizes) => {
        const all = bytes(text);
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const size of sizes) {
          chunks.push(all.subarray(at, at + size));
          at += size;
        }
        chunks.push(all.subarray(at));
        assert.deepEqual(cut(new DoorFraming(), chunks), expected);
      }),
    );
  });

  it("tells a line over the limit once, passes the rest of it over and goes on; holds no more than one line", () => {
    const framing = new DoorFraming();
    framing.registered({ binary: false });
    const long = Buffer.alloc(65_536, 0x61);
    const told: string[] = [];
    for (let n = 0; n < 1000; n++) {
      for (const piece of framing.push(long)) told.push(say(piece));
      assert.ok(framing.heldBytes <= doorLimits.lineBytes.value);
    }
    assert.deepEqual([...told, ...cut(framing, [bytes("still the long one\nnext\n")])], ["too-long", "line next"]);
  });

  it("takes 400 ms of 48 kHz stereo in one line once the station is registered, and no such line before", () => {
    const line = `${"x".repeat(102_530)}\n`;
    assert.deepEqual(cut(new DoorFraming(), [bytes(line)]), ["too-long"]);
    const framing = new DoorFraming();
    framing.registered({ binary: false });
    assert.equal(cut(framing, [bytes(line)])[0]?.length, 102_535);
  });

  it("uses what was agreed for what came glued to the registration", () => {
    const framing = new DoorFraming();
    const told: string[] = [];
    for (const piece of framing.push(Buffer.concat([bytes("register\n"), frame, bytes("next\n")]))) {
      told.push(say(piece));
      if (told.length === 1) framing.registered({ binary: true });
    }
    assert.deepEqual(told, ["line register", "sound türe 640", "line next"]);
  });

  it("tells lines and binary frames apart in any order and any cuts", () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 700 }),
        (kinds, size) => {
          const framing = new DoorFraming();
          framing.registered({ binary: true });
          const all = Buffer.concat(kinds.map((isLine) => (isLine ? bytes('{"type":"ping"}\n') : frame)));
          const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, n) =>
            all.subarray(n * size, (n + 1) * size),
          );
          assert.deepEqual(
            cut(framing, chunks),
            kinds.map((isLine) => (isLine ? 'line {"type":"ping"}' : "sound türe 640")),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it("throws nothing but WireError, whatever comes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), fc.boolean(), (chunks, binary) => {
        const framing = new DoorFraming();
        framing.registered({ binary });
        try {
          cut(
            framing,
            chunks.map((chunk) => (chunk.length > 3 ? chunk.with(0, 0xf5) : chunk)),
          );
        } catch (error) {
          assert.ok(error instanceof WireError);
        }
      }),
    );
  });
});
