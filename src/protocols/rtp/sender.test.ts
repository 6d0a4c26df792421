import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { kindOf } from "../../media/format.ts";
import { ManualClock } from "../../util/clock.ts";
import { parseRtp, type RtpPacket } from "./packet.ts";
import { PacketTrack } from "./packet-track.ts";
import { createPacketizer } from "./packetize.ts";
import { isRtcp, parseRtcp } from "./rtcp.ts";
import { RtpSender } from "./sender.ts";

/** A queue that is served by hand. */
class HandQueue {
  readonly line: RtpSender[] = [];
  push(sender: RtpSender): void {
    if (!this.line.includes(sender)) this.line.push(sender);
  }
  remove(sender: RtpSender): void {
    this.line.splice(0, this.line.length, ...this.line.filter((other) => other !== sender));
  }
  /** Serves until nobody has more; pauses pass on the clock. */
  async serve(clock: ManualClock): Promise<void> {
    for (let sender = this.line.shift(); sender; sender = this.line.shift()) {
      for (let pauseMs = sender.sendSome(); pauseMs !== undefined; pauseMs = sender.sendSome())
        await clock.advance(pauseMs);
    }
  }
}

function set(codec: "h264" | "opus" = "h264") {
  const cut = createPacketizer(codec);
  const clock = new ManualClock();
  const track = new PacketTrack({ kind: kindOf(codec), clock, latencyUs: 0 });
  const queue = new HandQueue();
  const viewer = () => {
    const packets: RtpPacket[] = [];
    const reports: Buffer[] = [];
    let room = Number.POSITIVE_INFINITY;
    const sink = {
      sendMessageBinary: (packet: Buffer) => {
        if (isRtcp(packet)) reports.push(Buffer.from(packet));
        else if (room-- <= 0) return false;
        else packets.push(parseRtp(Buffer.from(packet)));
        return true;
      },
    };
    const options = { track, sink, queue: queue as never, clock, ssrc: 7, cname: "cam" };
    const sender = new RtpSender({ ...options, payloadType: 96, clockRateHz: codec === "h264" ? 90_000 : 48_000 });
    return { packets, reports, sender, allow: (count: number) => (room = count) };
  };
  const write = (options: { key?: boolean; bytes?: number; timestampUs?: number; replay?: boolean } = {}) => {
    const { key = false, bytes = 100, replay = false } = options;
    const data = new Uint8Array(bytes).fill(0x55);
    if (codec === "h264") data.set([0, 0, 0, 1, key ? 0x65 : 0x41]);
    track.write({
      payloads: cut(data),
      key: key || codec === "opus",
      replay,
      timestampUs: options.timestampUs ?? clock.nowUs(),
    });
  };
  return { clock, track, queue, viewer, write };
}

const steps = (values: readonly number[]) => values.slice(1).map((value, i) => (value - values[i]!) >>> 0);

describe("sending a track to a viewer", () => {
  it("numbers packets in a row, marks the last of a frame, and keeps the frame's time", async () => {
    const { clock, queue, viewer, write } = set();
    const one = viewer();
    for (let i = 0; i < 3; i++) {
      write({ key: i === 0, bytes: 3000 });
      await queue.serve(clock);
      await clock.advance(40);
    }
    assert.equal(one.packets.length, 9);
    assert.ok(steps(one.packets.map(({ sequence }) => sequence)).every((step) => (step & 0xffff) === 1));
    assert.deepEqual(
      one.packets.map(({ marker }) => marker),
      [false, false, true, false, false, true, false, false, true],
    );
    const stamps = [0, 3, 6].map((i) => one.packets[i]!.timestamp);
    assert.deepEqual(steps(stamps), [3600, 3600]);
  });

  it("never uses a sequence number twice, wherever sending is broken off and begun again", async () => {
    const anyStep = fc.oneof(
      fc.record({ do: fc.constant("write" as const), key: fc.boolean(), bytes: fc.integer({ min: 20, max: 9000 }) }),
      fc.record({ do: fc.constant("room" as const), packets: fc.integer({ min: 0, max: 8 }) }),
      fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 1500 }) }),
      fc.constantFrom({ do: "send" as const }, { do: "restart" as const }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 5, maxLength: 60 }), async (plan) => {
        const { clock, viewer, write } = set();
        const one = viewer();
        write({ key: true, bytes: 5000 });
        for (const step of plan) {
          if (step.do === "write") write(step);
          else if (step.do === "room") one.allow(step.packets);
          else if (step.do === "wait") await clock.advance(step.ms);
          else if (step.do === "send") one.sender.sendSome();
          else one.sender.restart();
        }
        const numbers = one.packets.map(({ sequence }) => sequence);
        assert.ok(
          steps(numbers).every((step) => (step & 0xffff) === 1),
          numbers.join(" "),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("goes on with fresh numbers when a lost picture is begun again in the middle of a frame", async () => {
    const { clock, viewer, write } = set();
    const one = viewer();
    write({ key: true, bytes: 9000 });
    one.sender.sendSome();
    await clock.advance(1100);
    write({ bytes: 9000 });
    one.allow(4);
    one.sender.sendSome();
    one.sender.restart();
    one.allow(Number.POSITIVE_INFINITY);
    one.sender.sendSome();
    const numbers = one.packets.map(({ sequence }) => sequence);
    assert.equal(new Set(numbers).size, numbers.length);
  });

  it("waits for a key frame when there is no group of pictures", async () => {
    const { clock, queue, viewer, write } = set();
    const one = viewer();
    write();
    await queue.serve(clock);
    assert.equal(one.packets.length, 0);
    write({ key: true });
    await queue.serve(clock);
    assert.equal(one.packets.length, 1);
  });

  it("begins with the group of pictures, stamped with the time of sending", async () => {
    const { clock, queue, viewer, write } = set();
    for (let i = 0; i < 50; i++) {
      write({ key: i === 0, bytes: 2000 });
      await clock.advance(40);
    }
    const startUs = clock.nowUs();
    const one = viewer();
    await queue.serve(clock);
    assert.equal(one.packets.filter(({ marker }) => marker).length, 50);
    const stamps = one.packets.filter(({ marker }) => marker).map(({ timestamp }) => timestamp);
    const spanMs = ((stamps.at(-1)! - stamps[0]!) >>> 0) / 90;
    const tookMs = (clock.nowUs() - startUs) / 1000;
    assert.ok(tookMs > 10 && tookMs < 100, `paced: ${tookMs} ms`);
    assert.ok(Math.abs(spanMs - tookMs) < 3, `${spanMs} ms on the viewer's clock, sent in ${tookMs} ms`);
    // What follows is on time at once.
    write();
    const liveUs = clock.nowUs();
    await queue.serve(clock);
    const step = ((one.packets.at(-1)!.timestamp - stamps[0]!) >>> 0) / 90;
    assert.ok(Math.abs(step - (liveUs - startUs) / 1000) < 3);
  });

  it("stamps a late source's group as late as its live frames", async () => {
    const { clock, queue, viewer, write } = set();
    await clock.advance(1000);
    write({ key: true, timestampUs: clock.nowUs() - 300_000 });
    const one = viewer();
    await queue.serve(clock);
    await clock.advance(40);
    write({ timestampUs: clock.nowUs() - 300_000 });
    await queue.serve(clock);
    assert.deepEqual(steps(one.packets.map(({ timestamp }) => timestamp)), [3600]);
  });

  it("sends the group again when the picture was lost, at most once a second", async () => {
    const { clock, queue, viewer, write } = set();
    const one = viewer();
    write({ key: true });
    await queue.serve(clock);
    one.sender.restart();
    await queue.serve(clock);
    assert.equal(one.packets.length, 1);
    await clock.advance(1200);
    one.sender.restart();
    await queue.serve(clock);
    assert.equal(one.packets.length, 2);
    await clock.advance(3000);
    one.sender.restart();
    await queue.serve(clock);
    assert.equal(one.packets.length, 2, "not while the source stands still");
    assert.ok(steps(one.packets.map(({ timestamp }) => timestamp))[0]! > 0);
  });

  it("goes on in the middle of a frame when the socket was full", async () => {
    const { clock, queue, viewer, write } = set();
    const one = viewer();
    one.allow(2);
    write({ key: true, bytes: 5000 });
    assert.equal(queue.line.shift()?.sendSome(), 2);
    one.allow(100);
    assert.equal(one.sender.sendSome(), undefined);
    assert.equal(one.packets.length, 5);
    assert.ok(steps(one.packets.map(({ sequence }) => sequence)).every((step) => (step & 0xffff) === 1));
    assert.equal(new Set(one.packets.map(({ timestamp }) => timestamp)).size, 1);
    await clock.advance(0);
  });

  it("drops up to the next key frame when it is a second behind, and counts", async () => {
    const { clock, queue, viewer, write } = set();
    const one = viewer();
    write({ key: true });
    await queue.serve(clock);
    for (let i = 0; i < 30; i++) {
      write();
      await clock.advance(40);
    }
    await queue.serve(clock);
    assert.equal(one.sender.counters.dropped, 30);
    assert.equal(one.packets.length, 1);
    write();
    await queue.serve(clock);
    assert.equal(one.packets.length, 1, "it waits for a key frame");
    write({ key: true });
    await queue.serve(clock);
    assert.equal(one.packets.length, 2);
  });

  it("jumps to a newer group when it is behind", async () => {
    const { clock, queue, viewer, write } = set();
    const one = viewer();
    write({ key: true });
    await queue.serve(clock);
    write();
    await clock.advance(1500);
    write({ key: true });
    await queue.serve(clock);
    assert.equal(one.sender.counters.dropped, 1);
    assert.equal(one.packets.length, 2);
  });

  it("skips old sound instead of playing it late", async () => {
    const { clock, queue, viewer, write } = set("opus");
    const one = viewer();
    for (let i = 0; i < 5; i++) write();
    await clock.advance(300);
    await queue.serve(clock);
    write();
    await queue.serve(clock);
    assert.equal(one.packets.length, 1);
    assert.equal(one.sender.counters.dropped, 5);
  });

  it("gives picture and sound the same clock in its reports", async () => {
    const video = set("h264");
    const one = video.viewer();
    await video.clock.advance(123);
    video.write({ key: true });
    await video.queue.serve(video.clock);
    await video.clock.advance(1000);
    video.write();
    await video.queue.serve(video.clock);
    const reports = one.reports.flatMap((report) => parseRtcp(report)).filter((one) => one.type === "sender-report");
    assert.equal(reports.length, 2);
    const seconds = Number(reports[1]!.ntp - reports[0]!.ntp) / 2 ** 32;
    assert.ok(Math.abs(seconds - 1) < 1e-6);
    assert.equal((reports[1]!.rtpTimestamp - reports[0]!.rtpTimestamp) >>> 0, 90_000);
    // At the time of the first report, which is the first frame's.
    assert.equal(reports[0]!.rtpTimestamp, one.packets[0]!.timestamp);
    assert.equal(reports[1]!.packets, 2);
  });

  it("works out the round trip from a receiver's report", async () => {
    const { clock, queue, viewer, write } = set();
    const one = viewer();
    write({ key: true });
    await queue.serve(clock);
    const [report] = parseRtcp(one.reports[0]!);
    assert.ok(report?.type === "sender-report");
    await clock.advance(80);
    const block = { ssrc: 7, fractionLost: 0, totalLost: 3, highestSequence: 0, jitter: 0 };
    const lastReport = Number((report.ntp >> 16n) & 0xffff_ffffn);
    one.sender.takeReport({ ...block, lastReport, delaySinceLastReport: Math.round(0.05 * 65_536) });
    assert.deepEqual(one.sender.reported, { packetsLost: 3, roundTripMs: 30 });
  });

  it("ends quietly when the connection went down", () => {
    const { clock, track, queue, write } = set();
    const sink = {
      sendMessageBinary: (): boolean => {
        throw new Error("Track is closed");
      },
    };
    const options = { track, sink, queue: queue as never, clock, ssrc: 7, cname: "cam" };
    const sender = new RtpSender({ ...options, payloadType: 96, clockRateHz: 90_000 });
    write({ key: true });
    assert.equal(sender.sendSome(), undefined);
    assert.equal(track.readers.size, 0);
  });

  it("shares one packet among viewers, each with its own header", async () => {
    const { clock, queue, viewer, write } = set();
    const [one, two] = [viewer(), viewer()];
    write({ key: true });
    await queue.serve(clock);
    assert.deepEqual(one.packets[0]!.payload, two.packets[0]!.payload);
    one.sender[Symbol.dispose]();
    write();
    await queue.serve(clock);
    assert.equal(one.packets.length, 1);
    assert.equal(two.packets.length, 2);
  });
});
