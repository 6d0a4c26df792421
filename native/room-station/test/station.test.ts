/**
 * The room station's own checks (`make test` in its folder), one subtest for each of their sections; then its comparison
 * with the hub's code, two stations on a bad network, and a station at a real broker.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { isAuthentic, isOfGroup, ReplayWindow, signRoomPacket } from "../../../src/protocols/room/authentic.ts";
import { openGroupKey, sealGroupKey } from "../../../src/protocols/room/group-key.ts";
import { isRoomSilence, parseRoomDatagram, serializeRoomPacket } from "../../../src/protocols/room/packet.ts";
import { type Sequenced, Sequencer } from "../../../src/protocols/room/sequencer.ts";
import { senderOfCard, stationIdOf } from "../../../src/protocols/room/station-id.ts";
import {
  parsePercent,
  parsePriority,
  parseRoomTopic,
  parseSwitch,
  roomTopicOf,
} from "../../../src/protocols/room/topics.ts";
import { mosquittoSub, startMosquitto } from "../../../test/peers/mosquitto.ts";
import { heardOf, slotTones, tonesOfWav, wavOfTones } from "./tones.ts";

// Runs quietly: counts every slot of sound.

const folder = fileURLToPath(new URL("..", import.meta.url));
const build = join(folder, "build");

interface Ended {
  readonly status: number | null | undefined;
  readonly output: string;
}

function run(command: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const add = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on("data", add);
    child.stderr.on("data", add);
    child.once("error", () => resolve({ status: undefined, output }));
    child.once("close", (status) => resolve({ status, output }));
  });
}

/** What the C code answers to these lines. */
function answersOf(lines: readonly string[]): string[] {
  const { stdout, stderr, status } = spawnSync(join(build, "vectors"), { input: `${lines.join("\n")}\n` });
  assert.equal(status, 0, stderr.toString());
  return stdout
    .toString()
    .split("\n")
    .slice(0, lines.length)
    .map((line) => line.trim());
}

/** Lines for the C code, each with what the hub's code says. */
class Vectors {
  readonly #lines: string[] = [];
  readonly #expected: string[] = [];

  add(line: string, expected: string): void {
    this.#lines.push(line);
    this.#expected.push(expected);
  }

  check(): void {
    answersOf(this.#lines).forEach((answer, i) => {
      assert.equal(answer, this.#expected[i], this.#lines[i]);
    });
  }
}

/** The same numbers for each run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function bytesOf(random: (below: number) => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random(256));
}

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("hex");

function parsed(bytes: Uint8Array): string {
  try {
    const datagram = parseRoomDatagram(bytes);
    if (datagram.kind !== "packet") return datagram.kind;
    const { packet } = datagram;
    const silence = isRoomSilence(packet) ? 1 : 0;
    return `packet ${packet.sender} ${packet.sequence} ${packet.priority} ${silence} ${hex(packet.opus)}`.trim();
  } catch {
    return "malformed";
  }
}

function packetVectors(): void {
  const random = generator(1);
  const vectors = new Vectors();
  for (const length of [0, 1, 2, 12, 13, 14, 22, 23, 255, 256, 257, 652, 653, 654]) {
    const bytes = bytesOf(random, length);
    vectors.add(`parse ${hex(bytes)}`, parsed(bytes));
  }
  for (let i = 0; i < 300; i++) {
    const opus = bytesOf(random, 1 + random(230));
    const packet = {
      sender: hex(bytesOf(random, 8)),
      sequence: random(2 ** 32),
      priority: random(3) as 0 | 1 | 2,
      opus,
    };
    const bytes = serializeRoomPacket(packet);
    const key = bytesOf(random, 1 + random(100));
    const signed = signRoomPacket(bytes, { own: key });
    vectors.add(`serialize ${packet.sender} ${packet.sequence} ${packet.priority} ${hex(opus)}`, hex(bytes));
    vectors.add(`parse ${hex(bytes)}`, parsed(bytes));
    vectors.add(`sign ${hex(key)} ${hex(bytes)}`, hex(signed));
    vectors.add(`id ${packet.sender}`, stationIdOf(packet.sender));
    const mac = bytesOf(random, 6);
    vectors.add(`card ${hex(mac)}`, senderOfCard(mac));
    if (!signed) continue;
    vectors.add(`authentic ${hex(key)} ${hex(signed)}`, "1");
    signed[random(signed.length)]! ^= 1 << random(8);
    vectors.add(`authentic ${hex(key)} ${hex(signed)}`, isAuthentic(signed, key) ? "1" : "0");
  }
  vectors.check();
}

function groupVectors(): void {
  const random = generator(7);
  const vectors = new Vectors();
  for (let i = 0; i < 200; i++) {
    const opus = bytesOf(random, 1 + random(230));
    const plain = serializeRoomPacket({
      sender: hex(bytesOf(random, 8)),
      sequence: random(2 ** 32),
      priority: 2,
      opus,
    });
    const [own, id, key] = [bytesOf(random, 32), random(256), bytesOf(random, 32)];
    const group = { id, key };
    const keys = hex(own) + hex(Uint8Array.of(id)) + hex(key);
    const signed = signRoomPacket(plain, { own, group });
    vectors.add(`gsign ${keys} ${hex(plain)}`, hex(signed));
    const sealed = sealGroupKey({ ...group, sequence: random(2 ** 32), anyEmergency: random(2) === 1 }, own);
    const opened = openGroupKey(sealed, own);
    assert.ok(opened);
    const told = `${id} ${opened.sequence} ${opened.anyEmergency ? 1 : 0} ${hex(key)}`;
    vectors.add(`key ${hex(own)} ${sealed}`, told);
    const at = random(sealed.length);
    vectors.add(`key ${hex(own)} ${sealed.slice(0, at)}${sealed[at] === "0" ? "1" : "0"}${sealed.slice(at + 1)}`, "-1");
    for (const bytes of [signed, signRoomPacket(plain, { group }), signRoomPacket(plain, { own })]) {
      if (!bytes) continue;
      const verdict = () => `${isAuthentic(bytes, own) ? 1 : 0} ${isOfGroup(bytes, group) ? 1 : 0}`;
      vectors.add(`gauthentic ${keys} ${hex(bytes)}`, verdict());
      bytes[random(bytes.length)]! ^= 1 << random(8);
      vectors.add(`gauthentic ${keys} ${hex(bytes)}`, verdict());
    }
  }
  vectors.check();
}

function windowVectors(): void {
  const random = generator(2);
  const vectors = new Vectors();
  const window = new ReplayWindow();
  let around = 2 ** 32 - 1000;
  for (let i = 0; i < 3000; i++) {
    around += random(3);
    const sequence = (around + random(160) - 130) >>> 0;
    vectors.add(`window ${sequence}`, window.take(sequence) ? "1" : "0");
  }
  vectors.check();
}

function turns(ready: readonly Sequenced[]): string {
  return ready.map(({ packet, lostBefore }) => `${packet.sequence}/${lostBefore}`).join(" ");
}

function sequenceVectors(seed: number): void {
  const random = generator(seed);
  const vectors = new Vectors();
  const sequencer = new Sequencer();
  const packetOf = (sequence: number) =>
    ({ sender: "0000000000000000", sequence, priority: 0, opus: new Uint8Array() }) as const;
  vectors.add("begin", "");
  let [next, nowMs] = [2 ** 32 - 300, 1000];
  for (let i = 0; i < 1500; i++) {
    nowMs += random(25);
    if (random(150) === 0) next += random(2) ? 1000 : -400;
    next += random(10) === 0 ? 1 + random(6) : 1;
    const sequence = (next + (random(4) === 0 ? random(8) - 4 : 0)) >>> 0;
    for (let copy = random(4); copy >= 0; copy--) {
      vectors.add(`push ${sequence} ${nowMs}`, turns(sequencer.push(packetOf(sequence), nowMs * 1000)));
    }
    if (random(5) === 0) vectors.add(`expire ${nowMs}`, turns(sequencer.expire(nowMs * 1000)));
    if (random(200) === 0) vectors.add("end", turns(sequencer.end()));
  }
  const { received, duplicate, lost, restarts } = sequencer.counters;
  vectors.add("counters", `${received} ${duplicate} ${lost} ${restarts}`);
  vectors.check();
}

function messageVectors(): void {
  const vectors = new Vectors();
  const known = ["status", "state", "volume", "mute", "target", "priority", "dnd", "key", "heard", "ending", "call"];
  const topics = known.flatMap((what) => [
    `intercom/intercom_0a0b0c0d/${what}`,
    `intercom/intercom_0a0b0c0d/${what}/set`,
  ]);
  const strange = [
    "intercom",
    "intercom/",
    "intercom/call/x",
    "intercom/a/b",
    "intercom/devices/a/nfo",
    "other/a/mute",
  ];
  for (const topic of [...topics, ...strange, "intercom/call", "intercom/devices/intercom_0a0b0c0d/info"]) {
    const address = parseRoomTopic(topic);
    vectors.add(`topic ${topic}`, address ? roomTopicOf(address) : "-");
  }
  for (const word of ["ON", "off", "True", "0", "1", "false", "null", "onn", "2"]) {
    const on = parseSwitch(word);
    vectors.add(`switch ${word}`, on === undefined ? "-1" : on ? "1" : "0");
  }
  for (const word of ["0", "100", "55", "55.4", "55.5", "1000", "-3", "x", "5x", "99999999999"]) {
    vectors.add(`percent ${word}`, `${parsePercent(word) ?? -1}`);
  }
  for (const word of ["Normal", "HIGH", "emergency", "urgent"]) {
    vectors.add(`priority ${word}`, `${parsePriority(word) ?? -1}`);
  }
  vectors.check();
}

/** Two stations, and a bridge between that loses and copies; all of it goes with what it made. */
async function badNetwork(folderOfSound: string): Promise<{ a: string; b: string; relay: string } | string> {
  const names = ["a", "b", "r"].map((name) => `room-${process.pid}-${name}`);
  const [a = "", b = "", relay = ""] = names;
  const made: string[] = [];
  const ip = (line: string) => spawnSync("ip", line.split(" "), { encoding: "utf8" });
  for (const name of names) {
    const { status, stderr } = ip(`netns add ${name}`);
    if (status !== 0) {
      for (const one of made) ip(`netns del ${one}`);
      return stderr ?? "ip is not installed";
    }
    made.push(name);
  }
  [a, b].forEach((name, i) => {
    ip(`link add va netns ${name} type veth peer name r${i} netns ${relay}`);
    ip(`-n ${name} addr add 10.9.0.${i + 1}/24 dev va`);
    ip(`-n ${name} link set va up`);
    ip(`-n ${relay} link set r${i} up`);
  });
  await writeFile(join(folderOfSound, "in.wav"), wavOfTones(slotTones(500)));
  return { a, b, relay };
}

interface Report {
  readonly sent: number;
  readonly decoded: number;
  readonly repaired: number;
  readonly concealed: number;
  readonly silent: number;
  readonly duplicate: number;
}

test("room station", { timeout: 600_000 }, async (t) => {
  const compiler = await run("gcc", ["--version"]);
  const make = await run("make", ["--version"]);
  if (compiler.status === undefined || make.status === undefined) {
    t.skip("gcc or make is not installed: see test/packages.txt");
    return;
  }
  const { status, output } = await run("make", ["test"]);
  for (const [, state, name, detail] of output.matchAll(
    /^(ok|not ok|not run) - ([^\n]*)\n((?:(?:#| {4})[^\n]*\n)*)/gm,
  )) {
    await t.test(name ?? "", (section) => {
      if (state === "not run") section.skip(name);
      else assert.equal(state, "ok", detail);
    });
  }
  assert.equal(status, 0, output);

  await t.test("packets, tags and ids are the hub's, byte for byte", packetVectors);
  await t.test("the group's key and its tags are the hub's, byte for byte", groupVectors);
  await t.test("replayed packets are told as the hub tells them", windowVectors);
  await t.test("packets come in the same sequence as at the hub", () => [3, 4, 5, 6].forEach(sequenceVectors));
  await t.test("topics and payloads are read as the hub reads them", messageVectors);

  await t.test("of 500 slots at 5 % loss and four copies of each packet 99 % are heard, none twice", async (net) => {
    const sound = await mkdtemp(join(tmpdir(), "room-station-"));
    const spaces = await badNetwork(sound);
    if (typeof spaces === "string") {
      net.skip(`network namespaces are not allowed here: ${spaces.trim()}`);
      await rm(sound, { recursive: true });
      return;
    }
    const { a, b, relay } = spaces;
    const inside = (space: string, program: string, line: string) =>
      run("ip", ["netns", "exec", space, join(build, program), ...line.split(" ")]);
    const bridge = spawn("ip", ["netns", "exec", relay, join(build, "relay"), "r0", "r1", "5", "4"]);
    try {
      await once(bridge.stdout, "data");
      const out = join(sound, "out.wav");
      const listening = inside(b, "room-station", `--interface va --volume 100 --out ${out} --run-for 13500`);
      const said = `--interface va --in ${join(sound, "in.wav")} --talk-at 1000 --talk-for 10300 --run-for 12500`;
      const talker = await inside(a, "room-station", said);
      const listener = await listening;
      assert.equal(talker.status, 0, talker.output);
      assert.equal(listener.status, 0, listener.output);
      const report = JSON.parse(listener.output) as Report;
      const heard = tonesOfWav(await readFile(out));
      const found = heardOf(slotTones(500), heard);
      net.diagnostic(`${found} of 500 slots heard; ${listener.output.trim()}`);
      assert.ok(found >= 495, `${found} of 500 slots were heard`);
      assert.ok(report.duplicate > 1000, "copies came");
      const sounding = heard.filter((tone) => tone !== undefined).length;
      // A pause while two packets in a row are missing lies across two slots, and the codec rings for one behind the end.
      assert.ok(sounding <= 505, `${sounding} slots sound, of 500 that were said`);
      const played = report.decoded + report.repaired + report.concealed + report.silent;
      const { sent } = JSON.parse(talker.output) as Report;
      assert.ok(played <= sent - 15, `${played} frames were played of ${sent - 15}`);
    } finally {
      bridge.kill();
      for (const space of [a, b, relay]) spawnSync("ip", ["netns", "del", space]);
      await rm(sound, { recursive: true });
    }
  });

  await t.test("a real broker shows the station's topics, steers it, and tells its end", async (mqtt) => {
    if (spawnSync("mosquitto", ["-h"]).error || spawnSync("mosquitto_sub", ["--help"]).error) {
      mqtt.skip("mosquitto or mosquitto_sub is not installed: see test/packages.txt");
      return;
    }
    await using broker = await startMosquitto();
    const at = ["-p", `${broker.port}`];
    await using watch = await mosquittoSub([...at, "-t", "intercom/#", "-t", "homeassistant/#"]);
    const line = `--name Kitchen --interface lo --port ${await freePort()} --mqtt 127.0.0.1:${broker.port}`;
    const station = spawn(join(build, "room-station-checked"), line.split(" "));
    const ended = once(station, "exit");
    try {
      const online = await watch.line(/^intercom\/intercom_[0-9a-f]{8}\/status online$/);
      const id = online.split("/")[1] ?? "";
      const exactly = (text: string) => watch.line(new RegExp(`^${text.replace(/[{}]/g, "\\$&")}$`));
      for (const part of ['/state {"state":"idle"}', "/volume 80", "/mute OFF", "/dnd OFF", "/target All Rooms"]) {
        await exactly(`intercom/${id}${part}`);
      }
      await exactly(`intercom/devices/${id}/info {"room":"Kitchen","ip":"127.0.0.1","id":"${id}","calls":"1"}`);
      for (const what of ["sensor/ID_state", "number/ID_volume", "switch/ID_dnd", "select/ID_target"]) {
        const line = await watch.line(new RegExp(`^homeassistant/${what.replace("ID", id)}/config `));
        const [topic = "", description = ""] = [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)];
        const { unique_id, device } = JSON.parse(description) as { unique_id: string; device: { name: string } };
        assert.ok(topic.endsWith(`/${unique_id}/config`));
        assert.equal(device.name, "Kitchen");
      }
      spawnSync("mosquitto_pub", [...at, "-t", `intercom/${id}/volume/set`, "-m", "35"]);
      await exactly(`intercom/${id}/volume 35`);
      station.kill("SIGKILL");
      await exactly(`intercom/${id}/status offline`);
    } finally {
      station.kill("SIGKILL");
      await ended;
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address ? address.port : 0;
}
