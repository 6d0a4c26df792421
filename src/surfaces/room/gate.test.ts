import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import type { Device } from "../../device/driver.ts";
import type { Voice } from "../../hub/voices.ts";
import { signRoomPacket } from "../../protocols/room/authentic.ts";
import { serializeRoomPacket } from "../../protocols/room/packet.ts";
import { ManualClock } from "../../util/clock.ts";
import { Gate } from "./gate.ts";
import type { RoomStation } from "./stations.ts";
import { Visit } from "./visit.ts";

const sender = "00112233445566aa";
const id = "intercom_445566aa";
const key = Buffer.alloc(32, 7);
const at = "192.168.1.20";
/** SILK, 16 kHz, 20 ms (RFC 6716, 3.1). */
const word = Uint8Array.from({ length: 60 }, (_, n) => (n === 0 ? 0x48 : n));

const packet = (sequence: number, { from = sender, opus = word as Uint8Array } = {}) =>
  Buffer.from(serializeRoomPacket({ sender: from, sequence, priority: 0, opus }));
const signed = (sequence: number) => Buffer.from(signRoomPacket(packet(sequence), { own: key })!);

function open(
  how: { readonly key?: Uint8Array; readonly known?: boolean; readonly open?: boolean; readonly told?: boolean } = {},
) {
  const clock = new ManualClock();
  const station = { id, name: "Kitchen", address: at, online: true, legacy: true, told: how.told ?? false, starts: 1 };
  const state = { station: station as RoomStation };
  const device = { id: "intercom-445566aa", publish: () => ({}) } as unknown as Device;
  const visit = new Visit({ station, device, voice: {} as Voice, key: how.key, end: () => {} });
  const gate = new Gate({
    clock,
    own: "ffffffffffffffff",
    visitOf: (one) => (one === id && how.known !== false ? visit : undefined),
    stationOf: (one) => (one === id ? state.station : undefined),
    open: how.open ?? false,
  });
  return { clock, gate, state };
}

describe("the gate of the audio port", () => {
  it("lets a station in from its own address only", () => {
    const { gate } = open();
    assert.equal(gate.passes(packet(1), at), true);
    assert.equal(gate.passes(packet(2), "192.168.1.66"), false);
    assert.equal(gate.counters.elsewhere, 1);
    assert.equal(open({ open: true }).gate.passes(packet(2), "192.168.1.66"), true);
  });

  it("takes of a station with a token what it signed, once, and its silence", () => {
    const { gate } = open({ key });
    assert.equal(gate.passes(signed(5), "192.168.1.66"), true);
    assert.equal(gate.passes(signed(5), at), false);
    assert.equal(gate.passes(packet(6), at), false);
    assert.equal(gate.passes(packet(6, { opus: Uint8Array.of(0x48, 1, 2) }), at), true);
    assert.deepEqual([gate.counters.replayed, gate.counters.forged], [1, 1]);
  });

  it("hears a station again that started anew and said so, and no recording of before", () => {
    const { gate, state } = open({ key });
    assert.equal(gate.passes(signed(5000), at), true);
    assert.equal(gate.passes(signed(3), at), false);
    state.station = { ...state.station, starts: 2 };
    assert.equal(gate.passes(signed(3), at), true);
    assert.equal(gate.passes(signed(4), at), true);
    assert.equal(gate.passes(signed(3), at), false);
  });

  it("listens to a stranger after three packets in a row, copies or not", () => {
    const { gate, clock } = open({ known: false });
    assert.deepEqual(
      [1, 1, 2, 2, 3, 4].map((n) => gate.passes(packet(n), at)),
      [false, false, false, false, true, true],
    );
    assert.equal(gate.passes(packet(9000), at), false);
    void clock.advance(2000);
  });

  it("needs no proof of talking from one that said over MQTT who it is", () => {
    assert.equal(open({ known: false, told: true }).gate.passes(packet(1), at), true);
  });

  it("turns garbage away, whatever it looks like, and keeps little of it", () => {
    const { gate } = open({ known: false });
    let passed = 0;
    for (let n = 0; n < 5000; n++) {
      const opus = Uint8Array.from(randomBytes(40));
      if (gate.passes(packet(n, { from: randomBytes(8).toString("hex"), opus }), at)) passed++;
    }
    assert.equal(passed, 0);
    assert.equal(gate.counters.notOpus + gate.counters.strangers, 5000);
  });

  it("leaves to the ears what is no packet, and our own", () => {
    const { gate } = open({ known: false });
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.of(0xaa),
      Buffer.alloc(653),
      packet(1, { from: "ffffffffffffffff" }),
    ]) {
      assert.equal(gate.passes(bytes, at), true);
    }
  });
});
