import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { isAuthentic } from "../../protocols/room/authentic.ts";
import { parseRoomDatagram, type RoomPacket } from "../../protocols/room/packet.ts";
import { silentLog } from "../../util/log.ts";
import { PaceThread, type TalkWriting } from "./index.ts";
import { OutgoingTalk } from "./outgoing-talk.ts";

const silence = Uint8Array.of(0x48, 0);
const word = (n: number) => Uint8Array.from({ length: 40 }, () => n);

describe("what a talk sends", () => {
  const begin = () => new OutgoingTalk({ silence, leadIn: 15, trailOut: 10, maxQueued: 50 });
  const ticks = (talk: OutgoingTalk, count: number) =>
    Array.from({ length: count }, () => talk.tick())
      .map((sent) => (sent === undefined ? "-" : sent === silence ? "s" : sent === "gap" ? "_" : `${sent[0]}`))
      .join("");

  it("begins with silence, for 300 ms at most, and stops that for the first word", () => {
    const talk = begin();
    assert.equal(ticks(talk, 18), "sssssssssssssss---");
    const soon = begin();
    assert.equal(ticks(soon, 3), "sss");
    soon.push(word(1));
    soon.push(word(2));
    assert.equal(ticks(soon, 4), "12--");
  });

  it("lets what came in a burst leave one by one", () => {
    const talk = begin();
    for (const n of [1, 2, 3, 4, 5]) talk.push(word(n));
    assert.equal(ticks(talk, 6), "12345-");
  });

  it("keeps the place of a packet that was lost before it came", () => {
    const talk = begin();
    for (const n of [word(1), undefined, word(3)]) talk.push(n);
    assert.equal(ticks(talk, 4), "1_3-");
  });

  it("is not late for ever because of one stall", () => {
    const talk = begin();
    for (let n = 0; n < 10; n++) talk.push(word(1));
    for (let n = 0; n < 1000; n++) {
      talk.push(n % 10 === 5 ? silence : word(2));
      talk.tick();
    }
    assert.ok(talk.dropped >= 8 && talk.dropped <= 9, `${talk.dropped}`);
  });

  it("is on time again from the first pause on", () => {
    const talk = begin();
    for (let n = 0; n < 8; n++) talk.push(word(1));
    const say = (count: number, what: Uint8Array) => {
      for (let n = 0; n < count; n++) {
        talk.push(what);
        talk.tick();
      }
    };
    say(50, word(2));
    assert.equal(talk.dropped, 0, "no word is left out");
    say(30, silence);
    say(20, word(3));
    assert.equal(talk.dropped, 8);
    assert.equal(ticks(talk, 1), "-", "nothing waits");
  });

  it("leaves nothing out of a talk that comes in bursts", () => {
    const talk = begin();
    let sent = "";
    for (let n = 0; n < 400; n++) {
      if (n % 5 === 0) for (let at = 0; at < 5; at++) talk.push(n % 50 < 25 ? word(2) : silence);
      sent += ticks(talk, 1);
    }
    assert.equal(talk.dropped, 0);
    assert.ok(!sent.includes("-"));
  });

  it("ends with ten packets of silence behind the last word, and at once when it is cut", () => {
    const talk = begin();
    talk.push(word(1));
    talk.push(word(2));
    talk.finish();
    talk.push(word(3));
    assert.equal(ticks(talk, 14), "12ssssssssss--");
    assert.equal(talk.over, true);
    const cut = begin();
    cut.push(word(1));
    cut.push(word(2));
    assert.equal(ticks(cut, 1), "1");
    cut.cut();
    assert.equal(ticks(cut, 2), "--");
    assert.equal(cut.over, true);
  });

  it("drops the oldest of what comes faster than it sounds, and counts it", () => {
    const talk = new OutgoingTalk({ silence, leadIn: 0, trailOut: 0, maxQueued: 3 });
    for (const n of [1, 2, 3, 4, 5]) talk.push(word(n));
    assert.equal(ticks(talk, 4), "345-");
    assert.equal(talk.dropped, 2);
  });
});

describe("the clock of the room stations", () => {
  it("sends each packet once, in order, under numbers that go on from where it was told", async () => {
    await using ear = await listen();
    await using pace = new PaceThread({ log: silentLog });
    for (const sequence of [0xffff_fffe, 3]) {
      const talk = pace.begin([{ address: "127.0.0.1", port: ear.port }], { ...writing, sequence });
      for (const one of [1, 2, 3]) talk.push(word(one));
      talk.finish();
      assert.deepEqual(await talk.over, { sent: 5, dropped: 0 });
    }
    const heard = await ear.heard(10);
    assert.deepEqual(
      heard.map(({ sequence }) => sequence),
      [0xffff_fffe, 0xffff_ffff, 0, 1, 2, 3, 4, 5, 6, 7],
    );
    assert.deepEqual(
      heard.map(({ opus }) => opus[0]),
      [1, 2, 3, 0x48, 0x48, 1, 2, 3, 0x48, 0x48],
    );
    assert.ok(heard.every(({ sender, priority }) => sender === writing.sender && priority === 2));
  });

  it("lets the first word of a talk leave when it comes, not at the next beat of its lead-in", async () => {
    await using ear = await listen();
    await using pace = new PaceThread({ log: silentLog });
    const waitedMs: number[] = [];
    for (let n = 0; n < 12; n++) {
      const before = ear.datagrams.length;
      const talk = pace.begin([{ address: "127.0.0.1", port: ear.port }], { ...writing, leadIn: 15, trailOut: 0 });
      await ear.heard(before + 1);
      // Anywhere between two beats.
      await new Promise((resolve) => setTimeout(resolve, 2 + n * 1.5));
      const beganMs = performance.now();
      talk.push(word(7));
      while ((await ear.heard(ear.datagrams.length)).at(-1)?.opus[0] !== 7) await ear.heard(ear.datagrams.length + 1);
      waitedMs.push(performance.now() - beganMs);
      talk.cut();
      await talk.over;
    }
    const median = waitedMs.toSorted((one, other) => one - other)[6] ?? Number.NaN;
    assert.ok(median < 8, `${waitedMs.map(Math.round)} ms`);
  });

  it("signs what goes to stations that have a key", async () => {
    const key = Buffer.alloc(32, 3);
    await using ear = await listen();
    await using pace = new PaceThread({ log: silentLog });
    const talk = pace.begin([{ address: "127.0.0.1", port: ear.port }], { ...writing, key, trailOut: 0 });
    talk.push(word(0x48));
    talk.finish();
    await talk.over;
    await ear.heard(1);
    assert.equal(isAuthentic(ear.datagrams[0]!, key), true);
  });

  it("goes on for the others when a destination cannot be reached, and when it was told to stop", async () => {
    await using ear = await listen();
    await using pace = new PaceThread({ log: silentLog });
    const to = { address: "127.0.0.1", port: ear.port };
    const talk = pace.begin([{ address: "203.0.113.1", port: 9, interface: "127.0.0.1" }, to], writing);
    talk.push(word(7));
    talk.finish();
    await talk.over;
    assert.deepEqual(
      (await ear.heard(3)).map(({ opus }) => opus[0]),
      [7, 0x48, 0x48],
    );
    const last = pace.begin([to], writing);
    await pace[Symbol.asyncDispose]();
    assert.equal((await last.over).dropped, 0);
  });
});

const writing: TalkWriting = {
  sender: "00112233445566ff",
  priority: 2,
  sequence: 0,
  silence,
  leadIn: 0,
  trailOut: 2,
};

/** A station's ear on loopback. */
async function listen() {
  const socket = createSocket("udp4");
  const datagrams: Buffer[] = [];
  const packets: RoomPacket[] = [];
  const changed = new EventTarget();
  socket.on("message", (bytes) => {
    datagrams.push(bytes);
    const parsed = parseRoomDatagram(bytes);
    if (parsed.kind === "packet") packets.push(parsed.packet);
    changed.dispatchEvent(new Event("packet"));
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    port: (socket.address() as AddressInfo).port,
    datagrams,
    heard: async (count: number) => {
      while (packets.length < count) await once(changed, "packet");
      return packets;
    },
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, "close");
    },
  };
}
