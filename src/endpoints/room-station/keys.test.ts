import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type RoomSigning, signRoomPacket } from "../../protocols/room/authentic.ts";
import { sealGroupKey } from "../../protocols/room/group-key.ts";
import { type RoomPriority, serializeRoomPacket } from "../../protocols/room/packet.ts";
import { StationFloor } from "./floor.ts";
import { Hearing } from "./hearing.ts";
import { StationKeys } from "./keys.ts";
import { type HeardTalk, MulticastCount } from "./multicast-count.ts";
import { Playout } from "./playout.ts";

const own = Buffer.alloc(32, 7);
const otherOwn = Buffer.alloc(32, 8);
const [first, second] = [
  { id: 5, key: Buffer.alloc(32, 1) },
  { id: 6, key: Buffer.alloc(32, 2) },
];
const [hub, office] = ["00000000000000aa", "0000000000000002"] as const;
const word = Uint8Array.from({ length: 40 }, () => 8);
const told = 100_000;

/** A station that writes down whom it hears. */
function rig() {
  const floor = new StationFloor();
  const keys = new StationKeys(own);
  const heard: HeardTalk[] = [];
  const hearing = new Hearing({
    sender: "0000000000000001",
    floor,
    playout: new Playout(),
    keys,
    decoderOf: () => undefined,
    onTaken: () => {},
    onHeard: (talk) => heard.push(talk),
  });
  const give = (group = first, how: { at?: number; nowMs?: number; anyEmergency?: boolean } = {}) =>
    keys.take(
      sealGroupKey({ ...group, sequence: how.at ?? told, anyEmergency: how.anyEmergency ?? false }, own),
      how.nowMs ?? 0,
    );
  /** Who is heard after a packet, and as how urgent. */
  const hear = (
    from: string,
    sequence: number,
    how: { by?: RoomSigning; priority?: RoomPriority; nowMs?: number } = {},
  ) => {
    const { by = {}, priority = 0, nowMs = 0 } = how;
    const plain = serializeRoomPacket({ sender: from, sequence, priority, opus: word });
    hearing.hear(signRoomPacket(plain, by) ?? plain, { nowMs, byGroup: true });
    return floor.holder && `${floor.holder.sender === hub ? "hub" : "office"} ${floor.holder.priority}`;
  };
  return { floor, keys, hearing, heard, give, hear };
}

describe("a station with a key of its group", () => {
  it("hears emergencies of the hub and of its group as such, and those of anybody as urgent", () => {
    const { give, hear } = rig();
    assert.equal(hear(office, 50, { priority: 2 }), "office 2", "before the hub told it, it knows no better");
    const { hear: hearAgain, give: giveAgain } = rig();
    assert.equal(giveAgain(), 5);
    assert.equal(hearAgain(office, 50, { priority: 2 }), "office 1");
    assert.equal(hearAgain(hub, told + 1, { priority: 2, by: { group: first } }), "hub 2");
    assert.equal(give(first, { anyEmergency: true }), 5);
    assert.equal(hear(office, 51, { priority: 2, nowMs: 1000 }), "office 2");
  });

  it("hears no packet twice, however old, of the hub to it alone or of the group", () => {
    const { give, hear, hearing } = rig();
    give();
    const kinds = [
      { from: hub, by: { own } },
      { from: hub, by: { group: first } },
      { from: office, by: { own: otherOwn, group: first } },
    ];
    for (const [n, { from, by }] of kinds.entries()) {
      const nowMs = n * 10_000;
      hearing.tick(nowMs);
      assert.ok(hear(from, told + 500 + n, { by, nowMs })?.endsWith("0"));
      hearing.tick(nowMs + 5000);
      assert.equal(hear(from, told - 501, { by, nowMs: nowMs + 5001 }), undefined, "from before the key");
    }
    assert.equal(hear(office, told + 502, { by: kinds[2]!.by, nowMs: 60_000 }), undefined, "played again");
    assert.ok(hearing.counters.replayed >= 3);
  });

  it("takes a renewed key and no older one, and hears the one before for ten seconds", () => {
    const { give, hear, hearing, keys } = rig();
    give();
    assert.equal(give(first, { at: told }), undefined, "the same message again");
    assert.equal(give(second, { at: told + 1000, nowMs: 20_000 }), 6);
    assert.equal(give(first, { at: told + 10 }), undefined, "one that the hub sent before");
    assert.equal(keys.group?.id, 6);
    assert.equal(hear(hub, told + 1010, { by: { group: first }, nowMs: 29_000 }), "hub 0");
    hearing.tick(30_500);
    assert.equal(hear(hub, told + 1600, { by: { group: first }, priority: 2, nowMs: 31_000 }), undefined);
    assert.equal(
      keys.take(sealGroupKey({ ...first, sequence: told + 5000, anyEmergency: true }, otherOwn), 0),
      undefined,
    );
  });

  it("numbers its packets no lower than the hub counts", () => {
    const { give, keys } = rig();
    assert.equal(keys.countAt(5000), undefined);
    give(first, { nowMs: 1000 });
    assert.equal(keys.countAt(3000), told + 100);
  });
});

describe("what comes by the group", () => {
  it("is counted once each, with what is missing between, and told half a second after the last", () => {
    const { hear, hearing, heard } = rig();
    for (const n of [10, 11, 11, 13, 12, 13, 16]) hear(office, n, { nowMs: n * 20 });
    hear(hub, 1, { nowMs: 200 });
    hearing.tick(16 * 20 + 499);
    assert.deepEqual(heard.splice(0), [{ from: hub, heard: 1, lost: 0 }], "also of who is not played");
    hearing.tick(16 * 20 + 500);
    assert.deepEqual(heard, [{ from: office, heard: 5, lost: 2 }]);
  });

  it("is another talk when its numbers are far away, and bounded", () => {
    const count = new MulticastCount();
    count.count({ sender: office, sequence: 0xffff_fffe }, 0);
    count.count({ sender: office, sequence: 1 }, 20);
    assert.deepEqual(count.over(520), [{ from: office, heard: 2, lost: 2 }]);
    for (let n = 0; n < 100; n++) count.count({ sender: `${n}`, sequence: n }, 1000);
    count.count({ sender: "0", sequence: 9000 }, 1000);
    assert.equal(count.over(2000).length, 8);
    assert.equal(count.over(2000).length, 0);
  });
});
