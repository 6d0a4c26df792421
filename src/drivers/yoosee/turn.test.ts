import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { assertSameBytes } from "../../../test/same-bytes.ts";
import { ManualClock, systemClock } from "../../util/clock.ts";
import { FatalError, RecoverableError } from "../../util/errors.ts";
import { silentLog } from "../../util/log.ts";
import { openTalk, type TalkOptions, type TalkTarget } from "./connection.ts";
import { type FakeYoosee, startFakeYoosee } from "./fake.ts";
import { profileOf, profiles } from "./profile.ts";
import { fastClock, format8k, recorded, spoken, tone } from "./testing.ts";
import { newStartLeads, playTurn } from "./turn.ts";

const controlOf = (verb: string) => (event: { type: string; verb?: string }) =>
  event.type === "control" && event.verb === verb;
const verbs = (fake: FakeYoosee) => fake.events.flatMap((event) => (event.type === "control" ? [event.verb] : []));

function targetOf(fake: { readonly port: number }, profile = profiles.classic): TalkTarget {
  return { host: "127.0.0.1", port: fake.port, path: "onvif1", profile };
}

async function play(
  fake: FakeYoosee,
  pcm: Uint8Array,
  extra: Partial<TalkOptions> & { profile?: TalkTarget["profile"] } = {},
) {
  const target = targetOf(fake, extra.profile);
  const options = { clock: fake.clock, log: silentLog, ...extra };
  using connection = await openTalk(target, options);
  return await playTurn(connection, recorded(pcm), {
    ...options,
    target,
    format: { ...format8k, sampleRateHz: fake.rateHz },
    live: false,
  });
}

/** Whether a promise resolves within some turns of the event loop. */
async function settles(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => {},
  );
  for (let turn = 0; turn < 20 && !settled; turn++) await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe("yoosee talk", () => {
  it("sends nothing before OPEN, plays a file whole, and closes after it was heard", async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(5) });
    const pcm = tone(1500);
    const result = await play(fake, pcm);
    assert.deepEqual(verbs(fake), ["OPEN", "CLOSE"]);
    assertSameBytes(fake.playout.played().subarray(0, pcm.length / 2), pcm);
    assert.equal(fake.playout.counters.cutMs, 0, "CLOSE came before the end was heard");
    assert.equal(fake.playout.counters.underruns, 0);
    assert.equal(result.confirmed, true);
  });

  it("plays files shorter than the burst whole and pads the last block", async () => {
    for (const bytes of [2, 318, 322, 1000, 15_998]) {
      await using fake = await startFakeYoosee({ clock: fastClock(4) });
      const pcm = tone(1000).subarray(0, bytes);
      await play(fake, pcm);
      const blocks = Math.ceil(bytes / 320);
      assert.equal(fake.counters.records, blocks);
      const played = Buffer.from(fake.playout.played().buffer);
      assert.equal(played.length, blocks * 320);
      assert.deepEqual(played.subarray(0, bytes), Buffer.from(pcm));
      assert.ok(played.subarray(bytes).every((byte) => byte === 0));
    }
  });

  it("loses no byte of pieces that are no multiple of a block (65,536 = 204 blocks and 256 bytes)", async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(6) });
    const pcm = tone(9000);
    assert.ok(pcm.length > 2 * 65_536);
    await play(fake, pcm);
    // The tone holds no zero: what is zero is a gap, which a busy machine makes in six times its own speed.
    assertSameBytes(
      fake.playout.played().filter((sample) => sample !== 0),
      pcm,
    );
  });

  it("reads a reply that comes in two pieces", async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(10), splitReply: true });
    await play(fake, tone(100));
    assert.deepEqual(verbs(fake), ["OPEN", "CLOSE"]);
  });

  it("takes a refusal for what it is, and closes nobody else's speaker", async () => {
    await using fake = await startFakeYoosee({ refuse: "453 Not Enough Bandwidth" });
    await assert.rejects(play(fake, tone(100)), (error) => {
      assert.ok(error instanceof RecoverableError);
      assert.equal(error.code, "refused");
      assert.equal(error.fields["status"], 453);
      assert.match(error.message, /refused to open its speaker: 453 Not Enough Bandwidth$/);
      return true;
    });
    assert.deepEqual(verbs(fake), ["OPEN"]);
    assert.equal(fake.counters.records, 0);
  });

  it("lets two hubs at one camera not disturb each other: the second is refused, the first is heard", async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(5) });
    const pcm = tone(1000);
    const first = play(fake, pcm);
    await fake.waitFor((event) => event.type === "record");
    await assert.rejects(play(fake, pcm), { code: "refused" });
    await first;
    assert.equal(fake.playout.counters.cutMs, 0);
    assert.deepEqual(verbs(fake), ["OPEN", "OPEN", "CLOSE"]);
  });

  it("says so within the time-out when the camera does not answer", async () => {
    const clock = new ManualClock();
    await using fake = await startFakeYoosee({ mute: true });
    const opening = openTalk(targetOf(fake), { clock, log: silentLog });
    await Promise.all([
      assert.rejects(opening, { code: "no-answer", message: /did not answer within 10 s$/ }),
      fake.waitFor(controlOf("OPEN")).then(() => clock.advance(10_000)),
    ]);
  });

  it("says so when nothing listens there", async () => {
    const fake = await startFakeYoosee();
    await fake[Symbol.asyncDispose]();
    await assert.rejects(openTalk(targetOf(fake), { clock: systemClock, log: silentLog }), {
      code: "unreachable",
      message: /^cannot reach camera 127\.0\.0\.1:\d+: nothing listens there$/,
    });
  });

  it("knows an address that is not a camera", async () => {
    for (const greeting of ["HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2p1\r\n", "\u0000\u0001\u0002"]) {
      const server = createServer((socket) => socket.on("error", () => {}).write(greeting, "latin1"));
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as { port: number };
      try {
        await assert.rejects(openTalk(targetOf({ port }), { clock: systemClock, log: silentLog }), (error) => {
          assert.ok(error instanceof FatalError);
          assert.equal(error.code, "not-a-camera");
          return true;
        });
      } finally {
        server.close();
      }
    }
  });

  it("repeats OPEN every 4 s where the decoder closes 5 s after the last one", async () => {
    await using fake = await startFakeYoosee({
      clock: fastClock(4),
      dialects: ["gwell"],
      rateHz: 16_000,
      decoderTimeoutMs: 5000,
    });
    await play(fake, tone(13_000, 16_000), { profile: profiles.gwell });
    assert.deepEqual(verbs(fake), ["OPTIONS", "OPEN", "OPEN", "OPEN", "OPEN", "CLOSE"]);
    assert.equal(fake.counters.unheardRecords, 0);
    assert.equal(fake.playout.counters.cutMs, 0);
    assert.equal(fake.playout.counters.underruns, 0);
  });

  for (const [name, script] of [
    ["closes its decoder after 5 s", { decoderTimeoutMs: 5000 }],
    ["needs none", {}],
  ] as const) {
    it(`repeats OPEN at a classic camera that ${name}, if told to`, async () => {
      // No faster: what a busy machine is late by is so many times as long for the camera.
      await using fake = await startFakeYoosee({ clock: fastClock(5), ...script });
      await play(fake, tone(9000), { profile: profileOf("classic", { careful: true }) });
      assert.ok(verbs(fake).filter((verb) => verb === "OPEN").length >= 3);
      assert.equal(fake.counters.unheardRecords, 0);
      // On a busy machine the end comes late, and CLOSE cuts it off: the tests above look for that.
      const { playedMs, cutMs } = fake.playout.counters;
      assert.ok(Math.abs(playedMs + cutMs - 9000) <= 40, `${playedMs} and ${cutMs} ms`);
    });
  }

  for (const [name, spoil] of [
    ["refuses", (fake: FakeYoosee) => (fake.script.refuse = "453 Not Enough Bandwidth")],
    ["does not answer", (fake: FakeYoosee) => (fake.script.mute = true)],
  ] as const) {
    it(`plays to the end where a classic camera ${name} a second OPEN`, async () => {
      await using fake = await startFakeYoosee({ clock: fastClock(10) });
      const playing = play(fake, tone(12_000), { profile: profileOf("classic", { careful: true }) });
      await fake.waitFor((event) => event.type === "record");
      spoil(fake);
      await playing;
      assert.ok(Math.abs(fake.playout.counters.playedMs - 12_000) <= 40, `${fake.playout.counters.playedMs} ms`);
    });
  }

  it("opens once where a classic camera is spoken to as published, and as often as the setting says", () => {
    assert.equal(profileOf("classic", { careful: false }).reopenMs, 0);
    assert.equal(profileOf("classic", { careful: true }).reopenMs, 4000);
    assert.equal(profileOf("classic", { careful: false, reopenMs: 3000 }).reopenMs, 3000);
    assert.equal(profileOf("gwell", { careful: true, reopenMs: 0 }).reopenMs, 0);
  });

  it("takes a late answer to a repeated OPEN for a stall, and gives live speech a longer lead", async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(5), dialects: ["gwell"], rateHz: 16_000 });
    const { clock } = fake;
    const target = targetOf(fake, profiles.gwell);
    const options = { clock, log: silentLog, target, format: { ...format8k, sampleRateHz: 16_000 }, live: true };
    using connection = await openTalk(target, options);
    fake.script.replyDelayMs = 400;
    let targetLeadMs = 0;
    const onReport = (report: { readonly targetLeadMs: number }) => {
      targetLeadMs = Math.max(targetLeadMs, report.targetLeadMs);
    };
    await playTurn(connection, spoken(5000, { clock, rateHz: 16_000 }), { ...options, onReport });
    assert.ok(targetLeadMs >= 400, `${targetLeadMs} ms`);
  });

  it("asks the other firmware before OPEN whether it has talk at all", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", () => socket.write("RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n"));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    await assert.rejects(openTalk(targetOf({ port }, profiles.gwell), { clock: systemClock, log: silentLog }), {
      code: "no-talk",
    });
    server.close();
  });

  it("silences the camera within 200 ms of an abort", async () => {
    await using fake = await startFakeYoosee();
    const stop = new AbortController();
    const playing = play(fake, tone(10_000), { signal: stop.signal });
    await fake.waitFor((event) => event.type === "record");
    const abortedUs = fake.clock.nowUs();
    stop.abort();
    await assert.rejects(playing, { name: "AbortError" });
    const closed = await fake.waitFor(controlOf("CLOSE"));
    assert.ok(closed.atUs - abortedUs < 200_000, `${(closed.atUs - abortedUs) / 1000} ms`);
    assert.equal(fake.decoderOpen, false);
    assert.ok(fake.playout.counters.cutMs > 500, "the buffered second is thrown away");
  });

  it("asks for silence on a fresh connection when this one is stuck", async () => {
    await using fake = await startFakeYoosee();
    const stop = new AbortController();
    const playing = play(fake, tone(10_000), { signal: stop.signal });
    await fake.waitFor((event) => event.type === "record");
    using _stall = fake.stall();
    const abortedUs = fake.clock.nowUs();
    stop.abort();
    await assert.rejects(playing, { name: "AbortError" });
    const closed = await fake.waitFor(controlOf("CLOSE"));
    assert.ok(closed.atUs - abortedUs < 200_000, `${(closed.atUs - abortedUs) / 1000} ms`);
    assert.equal(fake.counters.connections, 2);
  });

  it("gives the speaker back when the abort comes before the answer to OPEN", async () => {
    await using fake = await startFakeYoosee();
    const stop = new AbortController();
    const opening = openTalk(targetOf(fake), { clock: fake.clock, log: silentLog, signal: stop.signal });
    await fake.waitFor((event) => event.type === "connected");
    stop.abort();
    await assert.rejects(opening, { name: "AbortError" });
    assert.equal(fake.decoderOpen, false);
  });

  it("closes a speaker that an unclean end left open, on a fresh connection", async () => {
    await using fake = await startFakeYoosee();
    const playing = play(fake, tone(10_000));
    await fake.waitFor((event) => event.type === "record");
    for (const session of fake.sessions) session.reset();
    await assert.rejects(playing, { code: "lost" });
    assert.deepEqual(verbs(fake), ["OPEN", "CLOSE"]);
    assert.equal(fake.decoderOpen, false);
    assert.equal(fake.counters.connections, 2);
  });

  it("ends with an error, not with a hang, when the camera reboots", async () => {
    await using fake = await startFakeYoosee();
    const playing = play(fake, tone(10_000));
    await fake.waitFor((event) => event.type === "record");
    await Promise.all([assert.rejects(playing, { code: "lost" }), fake.fail()]);
    await fake.listen();
    await play(fake, tone(40));
    assert.equal(fake.decoderOpen, false);
  });

  it("waits for a camera that stops reading, and gives it up after 10 s", async () => {
    const clock = new ManualClock();
    await using fake = await startFakeYoosee();
    const target = targetOf(fake);
    using connection = await openTalk(target, { clock, log: silentLog });
    using _stall = fake.stall();
    const block = tone(20);
    let full: undefined | Promise<void>;
    while (!full || (await settles(full))) full = connection.write(block);
    await Promise.all([
      assert.rejects(full, { code: "lost", message: /took no more sound for 10 s$/ }),
      clock.advance(10_000),
    ]);
  });

  it("does not take a missing answer to CLOSE for a failure", async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(20), answersClose: false });
    const result = await play(fake, tone(100));
    assert.equal(result.confirmed, false);
    assert.deepEqual(verbs(fake), ["OPEN", "CLOSE"]);
  });

  it("lets live speech be heard after its small lead", async () => {
    await using fake = await startFakeYoosee();
    const target = targetOf(fake);
    const options = { clock: fake.clock, log: silentLog };
    const pressedUs = fake.clock.nowUs();
    using connection = await openTalk(target, options);
    await playTurn(connection, spoken(300, { clock: fake.clock }), {
      ...options,
      target,
      format: format8k,
      live: true,
    });
    const afterMs = ((fake.playout.firstSoundUs ?? 0) - pressedUs) / 1000;
    assert.ok(afterMs >= 100 && afterMs < 300, `${afterMs} ms`);
    assert.equal(fake.playout.counters.cutMs, 0);
  });

  it("begins with less silence for a microphone whose last talks came evenly, and learns of each talk", async () => {
    await using fake = await startFakeYoosee();
    const leads = newStartLeads();
    for (let n = 0; n < 3; n++) leads.learn({ voice: "anna", unevenMs: 4, sentMs: 1500, roundTripMs: 2 });
    const silence = async (voice: string) => {
      const target = targetOf(fake);
      const options = { clock: fake.clock, log: silentLog, target, format: format8k, live: true, leads, voice };
      using connection = await openTalk(target, options);
      return (await playTurn(connection, recorded(tone(20)), options)).insertedBlocks;
    };
    assert.equal(await silence("anna"), 3);
    assert.equal(await silence("bert"), 5);
    leads.learn({ voice: "bert", unevenMs: 4, sentMs: 3000, roundTripMs: 2 });
    assert.ok(leads.leadOf("bert") < 100);
    leads.learn({ voice: "bert", unevenMs: 80, sentMs: 20, roundTripMs: 2 });
    assert.equal(await silence("bert"), 5);
  });
});
