import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { makeClip } from "../../../test/ffmpeg.ts";
import { mutations } from "../../../test/mutate.ts";
import { AccessUnitSplitter } from "../../codecs/access-unit.ts";
import { joinAnnexB } from "../../codecs/annexb.ts";
import { ManualClock } from "../../util/clock.ts";
import { WireError } from "../../util/errors.ts";
import { createDepacketizer } from "./depacketize.ts";
import { parseRtp, serializeRtp } from "./packet.ts";
import { createPacketizer } from "./packetize.ts";
import { ReorderBuffer } from "./reorder.ts";
import { parseRtcp } from "./rtcp.ts";
import { serializeRtcp } from "./rtcp-write.ts";

const count = 10_000;
const samples: Record<"h264" | "h265" | "aac" | "opus", Uint8Array[]> = { h264: [], h265: [], aac: [], opus: [] };

before(() => {
  let sequence = 0;
  const wire = (codec: keyof typeof samples, frame: Uint8Array) =>
    createPacketizer(codec, { maxPayloadBytes: 200 })(frame).map(({ payload, marker }) =>
      serializeRtp({ payloadType: 96, marker, sequence: sequence++, timestamp: sequence >> 3, ssrc: 1, payload }),
    );
  for (const codec of ["h264", "h265"] as const) {
    const splitter = new AccessUnitSplitter();
    const clip = makeClip({ codec, frames: 3, size: "128x96" });
    samples[codec] = [...splitter.push(clip), ...splitter.flush()].flatMap((unit) =>
      wire(codec, joinAnnexB(unit.nals)),
    );
  }
  samples.aac = wire("aac", new Uint8Array(500).fill(7));
  samples.opus = wire("opus", Uint8Array.of(0x78, 1, 2, 3));
});

/** Runs `parse` over the mutations: anything but WireError fails. */
function survives(originals: readonly Uint8Array[], parse: (bytes: Uint8Array) => unknown): void {
  for (const bytes of mutations(9, originals, count)) {
    try {
      parse(bytes);
    } catch (error) {
      assert.ok(error instanceof WireError, `${error} for ${Buffer.from(bytes).toString("hex").slice(0, 200)}`);
    }
  }
}

describe(`${count} malformed inputs`, () => {
  for (const codec of ["h264", "h265", "aac", "opus", "pcma", "pcm_s16le"] as const) {
    test(`${codec} packets, reordered and put together`, () => {
      const buffer = new ReorderBuffer({ clock: new ManualClock(), maxPackets: 16 });
      const depacketizer = createDepacketizer({ codec, clockRateHz: 90_000 });
      let largest = 0;
      survives(codec in samples ? samples[codec as keyof typeof samples] : samples.opus, (bytes) => {
        for (const packet of buffer.push(parseRtp(bytes))) {
          for (const unit of depacketizer.push(packet)) {
            largest = Math.max(largest, unit.data.length, ...unit.nals.map((nal) => nal.length));
          }
        }
      });
      assert.ok(largest <= 8 * 2 ** 20 && buffer.held <= 16);
    });

    test(`${codec} payloads in a sound packet`, () => {
      const depacketizer = createDepacketizer({ codec, clockRateHz: 90_000 });
      let sequence = 0;
      const from = codec in samples ? samples[codec as keyof typeof samples] : samples.opus;
      survives(
        from.map((bytes) => bytes.subarray(12)),
        (payload) => {
          sequence = (sequence + 1) & 0xffff;
          const marker = sequence % 5 === 0;
          depacketizer.push({ payloadType: 96, marker, sequence, timestamp: sequence >> 3, ssrc: 1, payload });
        },
      );
    });
  }

  test("RTCP", () => {
    const block = {
      ssrc: 1,
      fractionLost: 2,
      totalLost: 3,
      highestSequence: 4,
      jitter: 5,
      lastReport: 6,
      delaySinceLastReport: 7,
    };
    const compound = serializeRtcp([
      { type: "sender-report", ssrc: 1, ntp: 2n, rtpTimestamp: 3, packets: 4, bytes: 5, reports: [block] },
      { type: "source-description", sources: [{ ssrc: 1, cname: "camera" }] },
      { type: "nack", ssrc: 1, mediaSsrc: 2, sequences: [1, 2, 30] },
      { type: "full-intra-request", ssrc: 1, mediaSsrc: 2 },
      { type: "goodbye", ssrcs: [1] },
    ]);
    survives([compound], parseRtcp);
  });
});

test("a unit that never ends is dropped at 8 MiB and counted", () => {
  const depacketizer = createDepacketizer({ codec: "h264", clockRateHz: 90_000 });
  const payload = new Uint8Array(60_000).fill(9);
  payload.set([28, 1]);
  for (let sequence = 0; sequence < 300; sequence++) {
    payload[1] = sequence === 0 ? 0x81 : 1;
    depacketizer.push({ payloadType: 96, marker: false, sequence, timestamp: 1, ssrc: 1, payload });
  }
  assert.equal(depacketizer.counters.oversized, 1);
  const next = {
    payloadType: 96,
    marker: true,
    sequence: 300,
    timestamp: 2,
    ssrc: 1,
    payload: Uint8Array.of(0x65, 0x88),
  };
  assert.equal([...depacketizer.push(next), ...depacketizer.flush()].length, 1);
});
