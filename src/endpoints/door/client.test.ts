import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { noLoudspeaker, noMicrophone } from "../machine/files.ts";
import { type DoorClientOptions, type DoorEvent, startDoorClient } from "./client.ts";
import { type HostConnection, openScriptedHost, type ScriptedHost } from "./testing.ts";

async function open(
  host: ScriptedHost,
  how: { readonly features?: readonly string[] } & Partial<DoorClientOptions> = {},
) {
  const clock = new ManualClock();
  const { features, ...options } = how;
  const connected = Promise.withResolvers<void>();
  const client = startDoorClient({
    host: "127.0.0.1",
    port: host.port,
    clientId: "phone",
    sound: { microphone: noMicrophone, loudspeaker: noLoudspeaker },
    onState: () => connected.resolve(),
    random: () => 0,
    clock,
    ...options,
  });
  const hub = await host.connection();
  await hub.next();
  hub.say({
    type: "registered",
    status: "ok",
    role: "home_assistant",
    client_id: "phone",
    ...(features && { features }),
  });
  await connected.promise;
  return { clock, client, hub };
}

async function answer(hub: HostConnection, payload: object, status = "ok") {
  const command = await hub.next();
  hub.say({ type: "command_ack", command_id: command["command_id"], generated: false });
  hub.say({ type: "response", command_id: command["command_id"], status, payload });
  return command;
}

const form = { encoding: "pcm_s16le", sample_rate: 16_000, channels: 1 };

describe("a client of doors", () => {
  it("gives commands and gets their answers, each its own", async () => {
    await using host = await openScriptedHost();
    const { client, hub } = await open(host, { features: ["stations"] });
    await using _client = client;
    const first = client.command("unlock", { seconds: 3 }, { station: "front-door" });
    const second = client.command("light");
    const [one, two] = [await hub.next(), await hub.next()];
    assert.deepEqual([one["station"], one["payload"], two["station"]], ["front-door", { seconds: 3 }, undefined]);
    hub.say({
      type: "response",
      command_id: two["command_id"],
      status: "error",
      payload: { reason: "unknown_command" },
    });
    hub.say({ type: "response", command_id: one["command_id"], status: "ok", payload: { opened: true } });
    await assert.rejects(second, { reason: "unknown_command" });
    assert.deepEqual(await first, { opened: true });
  });

  it("is told why a command was refused, by id or, at the original's host, without", async () => {
    for (const features of [["stations"], undefined]) {
      await using host = await openScriptedHost();
      const { client, hub } = await open(host, { ...(features && { features }) });
      await using _client = client;
      const asked = client.command("unlock");
      const refused = assert.rejects(asked, { reason: "intercom_unavailable" });
      const { command_id } = await hub.next();
      hub.say({ type: "error", reason: "intercom_unavailable", ...(features && { command_id }) });
      await refused;
    }
  });

  it("waits for no answer forever, and not beyond the connection", async () => {
    await using host = await openScriptedHost();
    const { client, hub, clock } = await open(host);
    await using _client = client;
    const late = assert.rejects(client.command("a"), { reason: "timeout" });
    await hub.next();
    await clock.advance(15_000);
    await late;
    const lost = assert.rejects(client.command("b"), { reason: "connection_lost" });
    await hub.next();
    hub.socket.destroy();
    await lost;
    await assert.rejects(client.command("c"), { reason: "connection_lost" });
  });

  it("asks for sound as it has it, and takes the station's own where that is another", async () => {
    await using host = await openScriptedHost();
    const { client, hub } = await open(host);
    await using _client = client;
    const opened = client.startAudio({ streamId: "s1" });
    const first = await answer(hub, { reason: "unsupported_sample_rate" }, "error");
    const second = await answer(hub, { ...form, stream_id: "s1", sample_rate: 8000 });
    assert.deepEqual(first["payload"], { ...form, stream_id: "s1" });
    assert.deepEqual(second["payload"], { stream_id: "s1" });
    assert.equal((await opened).streamId, "s1");
    await assert.rejects(client.startAudio(), { reason: "audio_session_exists" });
    const stopped = client.stopAudio();
    assert.deepEqual((await answer(hub, { stream_id: "s1" }))["payload"], { stream_id: "s1" });
    await stopped;
    assert.equal(client.audio, undefined);
  });

  it("ends its sound when the host says that the station has gone, and not when it is only slow", async () => {
    await using host = await openScriptedHost();
    const ended = Promise.withResolvers<string>();
    const troubles: string[] = [];
    const { client, hub } = await open(host, {
      features: [],
      onAudioEnded: ({ streamId }) => ended.resolve(streamId),
      onTrouble: (reason) => troubles.push(reason),
    });
    await using _client = client;
    const opened = client.startAudio({ streamId: "s1" });
    await answer(hub, { ...form, stream_id: "s1" });
    await opened;
    hub.say({ type: "error", reason: "audio_dropped", details: { stream: "s1", frames: 3 } });
    hub.say({ type: "error", reason: "audio_intercom_disconnected", details: { stream_id: "s1" } });
    assert.equal(await ended.promise, "s1");
    assert.deepEqual(troubles[0], "audio_dropped");
  });

  it("hears of what happens at the doors, and of which there are", async () => {
    await using host = await openScriptedHost();
    const events: DoorEvent[] = [];
    const told = Promise.withResolvers<unknown>();
    const { client, hub } = await open(host, {
      features: ["stations"],
      onEvent: (event) => events.push(event),
      onStations: (stations) => told.resolve(stations),
    });
    await using _client = client;
    hub.say({ type: "event", event: "ring", payload: { bell: "left" }, station: "front-door" });
    hub.say({ type: "stations", stations: [{ id: "front-door", name: "Front door", online: true }] });
    assert.deepEqual(await told.promise, [{ id: "front-door", name: "Front door", online: true }]);
    assert.deepEqual(events, [{ event: "ring", payload: { bell: "left" }, station: "front-door" }]);
  });
});
