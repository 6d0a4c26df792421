import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mutations } from "../../../test/mutate.ts";
import { WireError } from "../../util/errors.ts";
import { parseHealth } from "./health-line.ts";
import { encodeRecord, type HookRecord, RecordReader } from "./wire.ts";

const samples = Uint8Array.from({ length: 640 }, (_, i) => i * 7);
const off = { ready: false, busy: false, taken: false, yours: false };

const records: readonly HookRecord[] = [
  { type: "speaker", sampleRateHz: 0, channels: 0, ...off },
  { type: "speaker", sampleRateHz: 8000, channels: 1, ...off, ready: true, busy: true },
  { type: "speaker", sampleRateHz: 16_000, channels: 2, ...off, ready: true, taken: true },
  { type: "speaker", sampleRateHz: 8000, channels: 1, ...off, ready: true, yours: true },
  { type: "sound", sampleRateHz: 16_000, channels: 1, timestampUs: 2 ** 40 + 7, gap: false, samples },
  { type: "sound", sampleRateHz: 48_000, channels: 2, timestampUs: 20_000, gap: true, samples },
  { type: "speech", sampleRateHz: 8000, channels: 1, samples: samples.subarray(0, 320) },
  { type: "speech", sampleRateHz: 8000, channels: 1, samples: new Uint8Array(0) },
];

const line =
  '{"hook":"1","uptimeMs":61200,"soc":"T31","codec":"h264","channel":0,"frames":1530,"lost":{"full":0,"oversize":1},' +
  '"sound":{"clients":1,"rateHz":16000},"talk":{"rateHz":8000,"channels":1,"busy":false,"taken":true}}';

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("records of the sound port", () => {
  it("come out as they went in, in pieces of any size", () => {
    const stream = Buffer.concat(records.map(encodeRecord));
    for (const size of [1, 7, 24, 25, 663, 664, 665, stream.length]) {
      const reader = new RecordReader();
      const read: HookRecord[] = [];
      for (let at = 0; at < stream.length; at += size) read.push(...reader.push(stream.subarray(at, at + size)));
      assert.deepEqual(read, records, `pieces of ${size}`);
    }
  });

  it("lie as WIRE.md says", () => {
    const [bytes, sound] = [encodeRecord(records[1]!), encodeRecord(records[5]!)];
    assert.equal(
      Buffer.from(bytes).toString("hex"),
      `44575331 02010300 401f0000 00000000${" 00000000".repeat(2)}`.replaceAll(" ", ""),
    );
    assert.equal(
      Buffer.from(sound.subarray(0, 24)).toString("hex"),
      "44575331 01020100 80bb0000 80020000 204e0000 00000000".replaceAll(" ", ""),
    );
  });

  it("are passed over by their length if their type is not known", () => {
    const unknown = encodeRecord(records[4]!);
    unknown[4] = 77;
    const read = new RecordReader().push(Buffer.concat([unknown, encodeRecord(records[3]!)]));
    assert.deepEqual(read, [records[3]]);
  });

  it("are refused as soon as they are none, before anything is kept for them", () => {
    const at = (index: number, value: number) => {
      const bytes = encodeRecord(records[4]!);
      bytes[index] = value;
      return bytes;
    };
    for (const bytes of [
      at(0, 0x55),
      at(3, 0x32),
      at(14, 1),
      at(15, 0xff),
      at(5, 0),
      at(5, 3),
      at(11, 9),
      at(12, 0x7f),
    ]) {
      assert.throws(() => new RecordReader().push(bytes), WireError);
    }
    assert.throws(() => new RecordReader().push(bytesOf("HTTP/1.1")), WireError);
    assert.throws(() => encodeRecord({ ...records[6]!, samples: new Uint8Array(4098) } as HookRecord), WireError);
  });

  it("take a timestamp beyond all measure for none", () => {
    const bytes = encodeRecord(records[4]!);
    bytes.fill(0xff, 16, 24);
    const [record] = new RecordReader().push(bytes);
    assert.equal(record?.type === "sound" && record.timestampUs, 0);
  });
});

describe("the line of health", () => {
  it("becomes flat values", () => {
    const values = parseHealth(bytesOf(line));
    assert.equal(values["uptimeMs"], 61_200);
    assert.equal(values["lostOversize"], 1);
    assert.equal(values["soundRateHz"], 16_000);
    assert.equal(values["talkTaken"], true);
    assert.equal(Object.keys(values).length, 14);
  });

  it("keeps what a newer hook adds, within bounds", () => {
    const values = parseHealth(
      bytesOf('{"hook":"2","new":1,"list":[1],"none":null,"__proto__":{"x":1},"name":"a\\u0000b"}'),
    );
    assert.deepEqual(values, { hook: "2", new: 1, name: "ab" });
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`v${i}`, i]));
    assert.equal(Object.keys(parseHealth(bytesOf(JSON.stringify({ hook: "1", ...many })))).length, 64);
  });

  it("is refused when it is something else", () => {
    for (const text of ["", "{", "[]", "7", '{"hook":1}', `{"hook":"1","x":"${"y".repeat(20_000)}"}`]) {
      assert.throws(() => parseHealth(bytesOf(text)), WireError, text.slice(0, 20));
    }
  });
});

describe("10,000 malformed inputs", () => {
  it("end in records or in WireError", () => {
    const known = records.map(encodeRecord);
    known.push(Buffer.concat(known));
    let refused = 0;
    for (const bytes of mutations(1, known, 10_000)) {
      const reader = new RecordReader();
      try {
        for (let at = 0; at < bytes.length; at += 50) {
          for (const record of reader.push(bytes.subarray(at, at + 50))) {
            assert.ok(record.type === "speaker" || record.samples.length <= 16_384);
          }
        }
      } catch (error) {
        assert.ok(error instanceof WireError);
        refused++;
      }
    }
    assert.ok(refused > 2000 && refused < 10_000, `${refused}`);
  });

  it("end in values or in WireError", () => {
    for (const bytes of mutations(2, [bytesOf(line)], 10_000)) {
      try {
        for (const value of Object.values(parseHealth(bytes))) {
          assert.ok(["string", "number", "boolean"].includes(typeof value));
        }
      } catch (error) {
        assert.ok(error instanceof WireError);
      }
    }
  });
});
