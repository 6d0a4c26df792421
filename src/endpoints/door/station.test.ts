import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesOf } from "../../codecs/pcm/index.ts";
import { ManualClock } from "../../util/clock.ts";
import type { Loudspeaker, Microphone } from "../machine/ports.ts";
import { DoorCommandError } from "./command-error.ts";
import type { DoorState } from "./link.ts";
import { type DoorStationOptions, startDoorStation } from "./station.ts";
import { type HostConnection, openScriptedHost, type ScriptedHost } from "./testing.ts";

/** Microphone and loudspeaker that a test holds in its hands. */
function soundInHand() {
  let give: ((frame: Int16Array) => void) | undefined;
  const heard: number[] = [];
  const microphone: Microphone = {
    capture: (to) => {
      give = to;
      return { [Symbol.dispose]: () => (give = undefined) };
    },
    begin: () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  const loudspeaker: Loudspeaker = {
    write: (frame, { heard: something }) => {
      if (something) heard.push(frame[0] ?? 0);
      return true;
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return {
    microphone,
    loudspeaker,
    heard,
    speak: (frame: Int16Array) => give?.(frame),
    isOpen: () => give !== undefined,
  };
}

function start(host: ScriptedHost, options: Partial<DoorStationOptions> = {}) {
  const clock = new ManualClock();
  const states: DoorState[] = [];
  const station = startDoorStation({
    host: "127.0.0.1",
    port: host.port,
    clientId: "front-door",
    onState: (state) => states.push(state),
    random: () => 0,
    clock,
    ...options,
  });
  return { clock, states, station };
}

async function register(host: ScriptedHost, answer: object = { features: ["ping"] }): Promise<HostConnection> {
  const connection = await host.connection();
  assert.equal((await connection.next())["type"], "register");
  connection.say({ type: "registered", status: "ok", role: "intercom", client_id: "front-door", ...answer });
  return connection;
}

const command = (name: string, payload: object = {}, more: object = {}) => ({
  type: "command",
  command: name,
  payload,
  command_id: `id-${name}`,
  origin_id: "phone",
  ...more,
});

describe("a door station", () => {
  it("says who it is, what it can and how it sounds", async () => {
    await using host = await openScriptedHost();
    const { microphone, loudspeaker } = soundInHand();
    const sound = { microphone, loudspeaker, sampleRateHz: 48_000, channels: 2, frameMs: 20 };
    const { station } = start(host, { token: "dwd_x", sound });
    await using _station = station;
    assert.deepEqual(await (await host.connection()).next(), {
      type: "register",
      role: "intercom",
      client_id: "front-door",
      token: "dwd_x",
      features: ["ping", "binary"],
      audio: { sample_rate: 48_000, channels: 2, frame_ms: 20 },
    });
  });

  it("does what it is asked, once, and answers what it does not know", async () => {
    await using host = await openScriptedHost();
    let opened = 0;
    const unlock = async () => ({ opened: ++opened });
    const jam = () => Promise.reject(new DoorCommandError("jammed", { details: "something is in the way" }));
    const fall = () => Promise.reject(new Error("boom"));
    const { station } = start(host, { commands: { unlock, jam, fall } });
    await using _station = station;
    const hub = await register(host);
    const ask = async (message: object) => {
      hub.say({ ...message });
      const { status, payload } = await hub.next();
      return { status, payload };
    };
    assert.deepEqual(await ask(command("unlock")), { status: "ok", payload: { opened: 1 } });
    assert.deepEqual(
      await ask(command("unlock")),
      { status: "ok", payload: { opened: 1 } },
      "the same id: the same answer",
    );
    assert.deepEqual(await ask(command("jam")), {
      status: "error",
      payload: { reason: "jammed", details: "something is in the way" },
    });
    assert.deepEqual((await ask(command("fall"))).payload, { reason: "exception", details: "boom" });
    for (const unknown of ["dance", "toString", "__proto__"]) {
      assert.deepEqual((await ask(command(unknown))).payload, { reason: "unknown_command" });
    }
    assert.deepEqual((await ask(command("start_audio"))).payload, {
      reason: "audio_init_failed",
      details: "this station has no sound",
    });
    assert.equal(opened, 1);
  });

  it("tells a handler when the door must not be opened any more", async () => {
    await using host = await openScriptedHost();
    const aborted = Promise.withResolvers<void>();
    const unlock = async ({ signal }: { readonly signal: AbortSignal }) => {
      signal.addEventListener("abort", () => aborted.resolve());
      await aborted.promise;
      throw new DoorCommandError("expired");
    };
    const { station, clock } = start(host, { commands: { unlock } });
    await using _station = station;
    const hub = await register(host);
    hub.say(command("unlock", {}, { expires_ms: 5000 }));
    hub.say({ type: "ping" });
    assert.equal((await hub.next())["type"], "pong", "what takes long holds nothing up");
    await clock.advance(5000);
    assert.deepEqual((await hub.next())["payload"], { reason: "expired" });
  });

  it("opens sound both ways, in frames of its own, and closes it with the last stream", async () => {
    await using host = await openScriptedHost();
    const sound = soundInHand();
    const { station, clock } = start(host, { sound });
    await using _station = station;
    const hub = await register(host, { features: ["ping", "binary"] });
    assert.equal(sound.isOpen(), false, "nobody listens unless asked");
    hub.say(command("start_audio", { stream_id: "s1" }));
    const form = { stream_id: "s1", encoding: "pcm_s16le", sample_rate: 16_000, channels: 1 };
    assert.deepEqual((await hub.next())["payload"], form);
    sound.speak(new Int16Array(320).fill(5));
    sound.speak(new Int16Array(320).fill(5));
    const spoken = await hub.next();
    assert.equal(spoken["type"], "binary");
    assert.deepEqual([spoken["sequence"], spoken["toClient"], (spoken["pcm"] as Uint8Array).length], [0, true, 1280]);
    const data = Buffer.from(bytesOf(new Int16Array(320).fill(9))).toString("base64");
    const frame = {
      type: "audio_frame",
      ...form,
      sequence: 0,
      data,
      direction: "client_to_intercom",
      origin_id: "phone",
    };
    hub.say(frame);
    hub.say(command("start_audio", { stream_id: "s1" }, { command_id: "again" }));
    assert.deepEqual((await hub.next())["payload"], { reason: "stream_exists" });
    await clock.advance(100);
    assert.deepEqual(sound.heard, [9]);
    hub.say(command("stop_audio", { stream_id: "s1" }));
    assert.deepEqual((await hub.next())["payload"], { stream_id: "s1" });
    assert.equal(sound.isOpen(), false);
  });

  it("refuses sound of another form, and streams that are not", async () => {
    await using host = await openScriptedHost();
    const { station } = start(host, { sound: soundInHand() });
    await using _station = station;
    const hub = await register(host);
    const wrong: readonly (readonly [string, object, string])[] = [
      ["start_audio", { encoding: "opus" }, "unsupported_encoding"],
      ["start_audio", { sample_rate: 8000 }, "unsupported_sample_rate"],
      ["start_audio", { channels: 2 }, "unsupported_channels"],
      ["stop_audio", {}, "invalid_stream_id"],
      ["stop_audio", { stream_id: "s9" }, "unknown_stream_id"],
    ];
    for (const [name, payload, reason] of wrong) {
      hub.say(command(name, payload, { command_id: reason }));
      assert.deepEqual((await hub.next())["payload"], { reason });
    }
  });

  it("comes back when the connection is lost, with nothing of before", async () => {
    await using host = await openScriptedHost();
    const sound = soundInHand();
    const { station, clock, states } = start(host, { sound });
    await using _station = station;
    const first = await register(host);
    first.say(command("start_audio", { stream_id: "s1" }));
    await first.next();
    const lost = new Promise((resolve) => first.socket.once("close", resolve));
    first.socket.destroy();
    await lost;
    while (station.isConnected) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(sound.isOpen(), false);
    await clock.advance(1000);
    const second = await register(host);
    second.say(command("start_audio", { stream_id: "s1" }));
    assert.equal((await second.next())["status"], "ok");
    assert.deepEqual(
      states.map(({ state }) => state),
      ["connected", "waiting", "connected"],
    );
  });

  it("tells of a ring at once, or when the hub is there again within 3 s, and never later", async () => {
    for (const [awayMs, told] of [
      [1000, true],
      [4000, false],
    ] as const) {
      await using host = await openScriptedHost();
      const { station, clock } = start(host);
      await using _station = station;
      station.ring("upstairs");
      await clock.advance(awayMs);
      const hub = await register(host);
      if (!told) hub.say({ type: "ping" });
      const message = await hub.next();
      assert.equal(message["type"], told ? "event" : "pong");
      if (told) assert.equal((message["payload"] as { bell: string }).bell, "upstairs");
    }
  });

  it("finds out that the hub has gone without a word", async () => {
    await using host = await openScriptedHost();
    const { station, clock, states } = start(host);
    await using _station = station;
    const hub = await register(host);
    hub.say(command("x"));
    await hub.next();
    for (let n = 0; n < 3; n++) await clock.advance(15_000);
    assert.deepEqual(states.at(-1), {
      state: "waiting",
      reason: "connection_lost",
      message: "it fell silent",
      retryMs: 1000,
    });
  });

  it("asks again, more and more slowly, while it waits to be let in", async () => {
    await using host = await openScriptedHost();
    const { station, clock, states } = start(host);
    await using _station = station;
    for (let n = 0; n < 3; n++) {
      const connection = await host.connection();
      await connection.next();
      connection.say({ type: "error", reason: "pending", details: { message: "approve it" } });
      while (states.length <= n) await new Promise((resolve) => setImmediate(resolve));
      const last = states.at(-1);
      await clock.advance(last?.state === "waiting" ? last.retryMs : 0);
    }
    assert.deepEqual(
      states.map((state) => state.state === "waiting" && [state.reason, state.message, state.retryMs]),
      [
        ["pending", "approve it", 5000],
        ["pending", "approve it", 5000],
        ["pending", "approve it", 10_000],
      ],
    );
  });

  it("gives up with the host's reason when asking again cannot help", async () => {
    await using host = await openScriptedHost();
    const { station } = start(host);
    await using _station = station;
    const connection = await host.connection();
    await connection.next();
    connection.say({ type: "error", reason: "invalid_client_id" });
    await assert.rejects(station.ended, { code: "invalid_client_id", message: /no text, empty, too long/ });
  });

  it("sends the original's host nothing that it does not know, and lines that it takes", async () => {
    await using host = await openScriptedHost();
    const sound = soundInHand();
    const { station, clock } = start(host, { sound: { ...sound, sampleRateHz: 48_000, channels: 2, frameMs: 400 } });
    await using _station = station;
    const hub = await register(host, {});
    while (!station.isConnected) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(60_000);
    hub.say(command("start_audio", { stream_id: "s1" }));
    assert.equal((await hub.next())["type"], "response", "no ping before it");
    for (let n = 0; n < 30; n++) sound.speak(new Int16Array(1920));
    const frame = await hub.next();
    assert.equal(frame["type"], "audio_frame");
    assert.ok(JSON.stringify(frame).length < 65_536);
  });

  it("passes over what it does not understand, however it comes", async () => {
    await using host = await openScriptedHost();
    const { station } = start(host);
    await using _station = station;
    const hub = await register(host);
    for (const text of ["", "[]", "{", '{"type":"news"}', '{"type":"command"}', "\u00ff"])
      hub.socket.write(`${text}\n`);
    hub.socket.write(`${"x".repeat(200_000)}\n`);
    hub.say({ type: "ping" });
    assert.equal((await hub.next())["type"], "pong");
  });
});
