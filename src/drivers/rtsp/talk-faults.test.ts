import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, test } from "node:test";
import { advanceUntil, clip, type Running, runDriver } from "../../../test/rtsp.ts";
import type { AudioFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import type { Speech } from "../../media/speech.ts";
import { ManualClock } from "../../util/clock.ts";
import { type DoorwardError, RecoverableError } from "../../util/errors.ts";
import { type FakeRtsp, type FakeRtspOptions, startFakeRtsp } from "./fake.ts";

const pcmu: AudioFormat = { kind: "audio", codec: "pcmu", sampleRateHz: 8000, channels: 1 };

interface Setting extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly fake: FakeRtsp;
  readonly running: Running;
  /** Speaks for so many ms of sound and returns when it is over. */
  speak(ms?: number): Promise<void>;
}

/** A camera with a speaker and its driver, which has found it. */
async function camera(options: FakeRtspOptions, config: Record<string, unknown> = {}): Promise<Setting> {
  const clock = new ManualClock();
  const fake = await startFakeRtsp({ video: clip(), backchannel: [pcmu], clock, ...options });
  const running = runDriver({ address: fake.address, ...config }, { clock });
  await advanceUntil(clock, () => running.device.readyCount > 0 && running.device.speaker !== undefined);
  return {
    clock,
    fake,
    running,
    speak: (ms = 1000) => over(clock, say(running, { frames: sound(ms) })),
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
    },
  };
}

async function* sound(ms: number): AsyncGenerator<Frame> {
  for (let at = 0; at < ms; at += 20) yield { data: new Uint8Array(160).fill(at / 20), timestampUs: 0, key: true };
}

function say(running: Running, speech: Pick<Speech, "frames"> & Partial<Speech>): Promise<void> {
  const { speaker } = running.device;
  assert.ok(speaker, "a speaker is offered");
  const [format = pcmu] = speaker.formats;
  return speaker.play({ live: false, signal: new AbortController().signal, format, ...speech });
}

async function over(clock: ManualClock, turn: Promise<void>): Promise<void> {
  let ended = false;
  const end = turn.finally(() => {
    ended = true;
  });
  end.catch(() => {});
  await advanceUntil(clock, () => ended);
  await end;
}

/** Codes of what a person was told about the camera. */
function quirks({ device }: Running): string[] {
  return device.events.flatMap((event) => (event.type === "quirk" ? [event.code] : []));
}

/** The same speaker, heard at whatever address its section has. */
const section = (...lines: readonly string[]) => ["m=audio 0 RTP/AVP 0", "a=control:talk", ...lines, "a=sendonly"];

describe("being asked for the speaker", () => {
  test("happens on a connection that ends at once: the bell is free while somebody watches", async () => {
    await using setting = await camera({});
    await setting.fake.until(() => setting.fake.asking === 0);
    assert.equal(setting.fake.playing, 1);
    await setting.speak();
    await setting.fake.until(() => setting.fake.asking === 0);
  });

  test("happens once: the next run knows", async () => {
    const clock = new ManualClock();
    await using fake = await startFakeRtsp({ video: clip(), backchannel: [pcmu], clock });
    const memory = new Map<string, unknown>();
    const { address } = fake;
    for (let run = 0; run < 3; run++) {
      await using running = runDriver({ address }, { clock, memory });
      await advanceUntil(clock, () => running.device.readyCount > 0 && running.device.speaker !== undefined);
    }
    assert.equal(fake.requests.filter(({ headers }) => headers.has("Require")).length, 1);
  });

  test("a camera that loses its picture by it is asked before the picture the next time", async () => {
    const clock = new ManualClock();
    await using fake = await startFakeRtsp({
      video: clip(),
      backchannel: [pcmu],
      clock,
      talk: { askingEndsPicture: true },
    });
    const memory = new Map<string, unknown>();
    const { address } = fake;
    let lost: unknown;
    const first = runDriver({ address }, { clock, memory });
    void first.ended.then((error) => {
      lost = error;
    });
    await advanceUntil(clock, () => lost !== undefined);
    await using second = runDriver({ address }, { clock, memory });
    await advanceUntil(clock, () => second.device.readyCount > 0);
    assert.ok(second.device.speaker);
  });
});

describe("a camera that serves one session only", () => {
  for (const oneSession of [453, 503, 455, "pushes-out"] as const) {
    test(`${oneSession}: the picture is given up for the talk, comes back, and it is told`, async () => {
      await using setting = await camera({ talk: { oneSession } });
      const { fake, running, clock } = setting;
      const ready = running.device.readyCount;
      await setting.speak();
      assert.equal(fake.ear.packets.length, 50);
      await advanceUntil(clock, () => running.device.readyCount > ready);
      assert.ok(running.device.phases.includes("paused-by-talk"));
      assert.equal(fake.playing, 1);
    });
  }

  test("the second time it is not bothered with the question", async () => {
    await using setting = await camera({ talk: { oneSession: 453 } });
    await setting.speak();
    const refused = setting.fake.counters.connections;
    await setting.speak();
    assert.equal(setting.fake.ear.packets.length, 100);
    const perTurn = setting.fake.counters.connections - refused;
    assert.ok(perTurn <= 2, `${perTurn} connections`);
  });
});

test("a connection that breaks once while the speaker is opened costs that turn the picture, and no other", async () => {
  let broken = 0;
  const reply: NonNullable<FakeRtspOptions["faults"]>["reply"] = ({ method, headers }, peer) => {
    if (method !== "SETUP" || !headers.has("Require") || broken++ > 0) return undefined;
    peer.drop();
    return "silence";
  };
  await using setting = await camera({ faults: { reply } });
  const { running, fake } = setting;
  const first = running.device.readyCount;
  await setting.speak();
  assert.equal(fake.ear.packets.length, 50, "the words are heard all the same");
  await advanceUntil(setting.clock, () => running.device.readyCount > first);
  const pauses = () => running.device.phases.filter((phase) => phase === "paused-by-talk").length;
  const [before, ready] = [pauses(), running.device.readyCount];
  await setting.speak();
  assert.equal(fake.ear.packets.length, 100);
  assert.deepEqual([pauses(), running.device.readyCount], [before, ready], "the picture goes on beside the next turn");
  assert.deepEqual(quirks(running), []);
});

describe("a picture that does not outlive the talk", () => {
  test("it may pause for as long as somebody speaks", async () => {
    await using setting = await camera({ talk: { pausesPicture: true } });
    const { fake, running, clock } = setting;
    const ready = running.device.readyCount;
    await setting.speak(14_000);
    assert.equal(fake.ear.packets.length, 700);
    assert.equal(running.device.readyCount, ready, "its connection stays");
    assert.ok(running.device.phases.includes("paused-by-talk"));
    const frames = running.device.video?.counters.frames ?? 0;
    await advanceUntil(clock, () => (running.device.video?.counters.frames ?? 0) > frames);
  });

  test("it may break off: the words are heard to the end", async () => {
    await using setting = await camera({});
    const { fake, running, clock } = setting;
    const turn = over(clock, say(running, { frames: sound(4000) }));
    await advanceUntil(clock, () => fake.ear.packets.length > 20);
    fake.dropPicture();
    await turn;
    assert.equal(fake.ear.packets.length, 200);
    await advanceUntil(clock, () => running.device.readyCount > 1);
  });

  test("a camera that is dead altogether ends the turn with a sentence", async () => {
    await using setting = await camera({ talk: { pausesPicture: true, mute: true } });
    await assert.rejects(setting.speak(60_000), (error) => {
      assert.ok(error instanceof RecoverableError);
      assert.match(error.message, /answers no more while somebody speaks/);
      return true;
    });
  });
});

describe("a speaker that plays only beside the picture", () => {
  for (const needsPicture of [406, 400, 500] as const) {
    test(`PLAY refused with ${needsPicture}: both are set up`, async () => {
      await using setting = await camera({ talk: { needsPicture } });
      await setting.speak();
      assert.equal(setting.fake.ear.packets.length, 50);
      assert.equal(setting.fake.counters.sessions, 2, "the picture goes on meanwhile");
    });
  }

  test("a GStreamer server gets both at once: a live picture that goes nowhere may keep it from starting", async () => {
    await using setting = await camera({ name: "GStreamer RTSP server" });
    await setting.speak();
    const setups = setting.fake.requests
      .filter(({ method }) => method === "SETUP")
      .map(({ uri }) => uri.split("/").at(-1));
    assert.deepEqual(setups, ["video", "talk", "video"]);
    assert.equal(setting.fake.ear.packets.length, 50);
  });
});

describe("a speaker that cannot be reached is told", () => {
  test("no UDP port is named", async () => {
    await using setting = await camera({ protocols: ["udp"], talk: { udpPort: "none" } });
    await assert.rejects(setting.speak(), { code: "no-speaker-port" });
    assert.equal(setting.fake.ear.packets.length, 0);
  });

  test("nobody listens at the port that is named", async () => {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    await using setting = await camera({ protocols: ["udp"], talk: { udpPort: port } });
    await assert.rejects(setting.speak(60_000), { code: "no-speaker-port" });
  });

  test("a camera that does not read what it is sent", async () => {
    await using setting = await camera({ talk: { deaf: true } });
    const error = await setting.speak(3_600_000).then(
      () => undefined,
      (thrown: DoorwardError) => thrown,
    );
    assert.equal(error?.code, "stuck");
    assert.match(error?.message ?? "", /takes no sound/);
  });
});

describe("packets as the camera wants them", () => {
  const cases: readonly (readonly [string, FakeRtspOptions, Record<string, unknown>, number])[] = [
    ["a=ptime:40", { talkLines: section("a=ptime:40") }, {}, 320],
    ["a=ptime:10", { talkLines: section("a=ptime:10") }, {}, 80],
    ["Reolink by its session's name", { sessionLines: ['s=Session streamed by "preview"'] }, {}, 1024],
    ["Reolink by its tool", { sessionLines: ["s=x", "a=tool:BC Streaming Media v2022"] }, {}, 1024],
    ["the setting", {}, { talkPacketMs: 128 }, 1024],
    ["the setting against the camera", { talkLines: section("a=ptime:40") }, { talkPacketMs: 60 }, 480],
  ];
  for (const [name, options, config, bytes] of cases) {
    test(`${name}: ${bytes} bytes each, in real time`, async () => {
      await using setting = await camera(options, config);
      await setting.speak(3000);
      const { packets } = setting.fake.ear;
      assert.ok(packets.every(({ data }) => data.length === bytes));
      assert.equal(packets.length, Math.ceil(24_000 / bytes));
      const packetMs = bytes / 8;
      for (const [n, { atUs }] of packets.entries()) {
        const leadMs = n * packetMs - (atUs - (packets[0]?.atUs ?? 0)) / 1000;
        assert.ok(leadMs >= -1 && leadMs <= packetMs + 100, `packet ${n} is ${leadMs} ms ahead`);
      }
    });
  }

  test("live words too", async () => {
    await using setting = await camera({}, { talkPacketMs: 128 });
    const { clock, running, fake } = setting;
    async function* spoken(): AsyncGenerator<Frame> {
      for (let n = 0; n < 150; n++) {
        await clock.sleep(20);
        yield { data: new Uint8Array(160).fill(n), timestampUs: clock.nowUs(), key: true, durationUs: 20_000 };
      }
    }
    await over(clock, say(running, { frames: spoken(), live: true }));
    assert.equal(fake.ear.packets.length, Math.ceil(24_000 / 1024));
  });
});

describe("the codec", () => {
  const all = [
    "m=audio 0 RTP/AVP 104 101 0 8",
    "a=control:talk",
    "a=rtpmap:104 MPEG4-GENERIC/16000",
    "a=rtpmap:101 L16/16000",
    "a=sendonly",
  ];
  for (const [talkCodec, first] of [
    ["auto", "pcm_s16le"],
    ["pcmu", "pcmu"],
    ["pcma", "pcma"],
    ["opus", "pcm_s16le"],
  ] as const) {
    test(`${talkCodec}: ${first}`, async () => {
      await using setting = await camera({ talkLines: all }, { talkCodec });
      assert.equal(setting.running.device.speaker?.formats[0]?.codec, first);
    });
  }

  test("of two speakers each is opened by its own address", async () => {
    const two = [
      ...["m=audio 0 RTP/AVP 8", "a=control:talk-room", "a=sendonly"],
      ...["m=audio 0 RTP/AVP 0", "a=control:talk-door", "a=sendonly"],
    ];
    await using setting = await camera({ talkLines: two });
    const { running, clock, fake } = setting;
    const formats = running.device.speaker?.formats ?? [];
    assert.deepEqual(
      formats.map(({ codec }) => codec),
      ["pcma", "pcmu"],
    );
    for (const format of formats) await over(clock, say(running, { frames: sound(100), format }));
    const setups = fake.requests.filter(({ method, uri }) => method === "SETUP" && uri.includes("talk"));
    assert.deepEqual(
      setups.map(({ uri }) => uri.split("/").at(-1)),
      ["talk-room", "talk-door"],
    );
  });
});

describe("what was learnt by speaking", () => {
  const cases: readonly {
    readonly name: string;
    readonly options: FakeRtspOptions;
    readonly quirk: string;
    /** Requests that the first turn needed and the second does not repeat. */
    readonly spared?: (requests: FakeRtsp["requests"]) => number;
  }[] = [
    {
      name: "RECORD in place of PLAY",
      options: { wantsRecord: true },
      quirk: "talk-record",
      spared: (requests) =>
        requests.filter(({ method, headers }) => method === "PLAY" && headers.has("Require")).length,
    },
    {
      name: "speech by UDP only",
      options: { protocols: ["udp"] },
      quirk: "talk-udp",
      spared: (requests) =>
        requests.filter(
          ({ method, headers }) =>
            method === "SETUP" && headers.has("Require") && /TCP/.test(headers.get("Transport") ?? ""),
        ).length,
    },
    {
      name: "the picture set up too",
      options: { talk: { needsPicture: 406 } },
      quirk: "talk-with-picture",
      spared: (requests) => requests.filter(({ method, uri }) => method === "PLAY" && /none/.test(uri)).length,
    },
    { name: "the picture given up", options: { talk: { oneSession: 453 } }, quirk: "talk-alone" },
    {
      name: "blocks of 1024 bytes",
      options: { sessionLines: ["s=x", "a=tool:BC Streaming Media"] },
      quirk: "talk-packets",
    },
    {
      name: "plain G.711 of a whole library",
      options: {
        talkLines: [
          ...["m=audio 0 RTP/AVP 101 97 0", "a=control:talk"],
          ...["a=rtpmap:101 L16/16000", "a=rtpmap:97 L16/8000", "a=rtpmap:0 PCMU/8000", "a=sendonly"],
        ],
      },
      quirk: "talk-library",
    },
  ];
  for (const { name, options, quirk, spared } of cases) {
    test(`${name} is told, kept over a restart, and not tried out again`, async () => {
      const memory = new Map<string, unknown>();
      const clock = new ManualClock();
      await using fake = await startFakeRtsp({ video: clip(), backchannel: [pcmu], clock, ...options });
      for (let run = 0; run < 2; run++) {
        const asked = spared?.(fake.requests) ?? 0;
        await using running = runDriver({ address: fake.address }, { clock, memory });
        await advanceUntil(clock, () => running.device.readyCount > 0 && running.device.speaker !== undefined);
        if (run === 1) assert.ok(quirks(running).includes(quirk), "told before a word is said");
        const heard = fake.ear.packets.length;
        await over(clock, say(running, { frames: sound(1000) }));
        assert.ok(fake.ear.packets.length > heard);
        assert.ok(quirks(running).includes(quirk));
        if (run === 1) assert.equal(spared?.(fake.requests) ?? 0, asked, "what does not work is not tried again");
        for (const guess of ["speakers", "askFirst"]) memory.delete(guess); // what a restart of the hub forgets
      }
    });
  }

  test("a camera without oddities has none", async () => {
    await using setting = await camera({});
    await setting.speak();
    assert.deepEqual(quirks(setting.running), []);
  });
});
