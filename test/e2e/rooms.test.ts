/**
 * Rooms as they are: the hub with two networks in a namespace of its own, real stations (native/room-station) in others. What each
 * heard is compared with what was said, 20 ms by 20 ms.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { heardOf, slotTones, tonesOfWav, wavOfTones } from "../../native/room-station/test/tones.ts";
import { within } from "../within.ts";
import type { Asked, RoomsState } from "./rooms-hub.ts";

// Runs quietly: counts every slot of sound.

const root = join(import.meta.dirname, "..", "..");
const native = join(root, "native", "room-station");
const timeout = 60_000;
const slots = 100;

/** Attic and Cellar are in one network of the hub, the Barn in the other. */
const spaces = { hub: "hub", attic: "attic", cellar: "cellar", barn: "barn" } as const;
type Space = keyof typeof spaces;

describe("rooms", { timeout: 300_000 }, () => {
  const held = new AsyncDisposableStack();
  let net: Network;
  let why: string | undefined;

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), "doorward-rooms-"));
    held.defer(() => rm(folder, { recursive: true, force: true }));
    why = buildStation() ?? openNetwork(folder);
    if (why !== undefined) return;
    net = held.use(new Network(folder));
    await writeFile(net.said, wavOfTones(slotTones(slots)));
  });
  after(() => held.disposeAsync());

  const run = (
    name: string,
    test: (hub: RoomsHub, diagnostic: (text: string) => void) => Promise<void>,
    config = "{}",
  ) =>
    it(name, { timeout }, async (t) => {
      if (why !== undefined) return t.skip(why);
      await using hub = await net.startHub(config);
      await test(hub, (text) => t.diagnostic(text));
    });

  run("a station is heard in the other network through the hub, and nowhere twice", async (hub, diagnostic) => {
    const [cellar, barn] = [net.station("cellar", { greets: true }), net.station("barn", { greets: true })];
    await net.come(hub, [cellar, barn]);
    const attic = net.station("attic", { says: true });
    await attic.ended;
    const [atCellar, atBarn] = await Promise.all([cellar.heard(), barn.heard()]);
    const heard = { cellar: atCellar, barn: atBarn };
    diagnostic(JSON.stringify(heard));
    for (const { found, sounding } of Object.values(heard)) {
      assert.ok(found >= slots - 1, `${found} of ${slots} slots were heard`);
      assert.ok(sounding <= slots + 2, `${sounding} slots sound, of ${slots} that were said`);
    }
  });

  run("what the hub says is heard by all stations, and not by itself", async (hub, diagnostic) => {
    const stations = [net.station("cellar", { greets: true }), net.station("barn", { greets: true })];
    await net.come(hub, stations);
    assert.deepEqual(await hub.ask({ ask: "say", wav: net.said }), { states: ["granted", "released"] });
    const heard = await Promise.all(stations.map((station) => station.heard()));
    for (const [at, station] of stations.entries()) {
      const { found = 0, sounding = 0 } = heard[at] ?? {};
      diagnostic(`${station.name}: ${found} of ${slots}`);
      assert.ok(found >= slots - 1, `${station.name}: ${found} of ${slots} slots were heard`);
      assert.ok(sounding <= slots + 2, `${station.name}: ${sounding} slots sound`);
    }
    const { metrics } = await hub.state();
    assert.match(metrics, /doorward_room_sent_total\{what="talks"\} [1-9]/);
    assert.match(metrics, /doorward_room_talks_total\{what="heard"\} 2\n/);
    assert.match(metrics, /doorward_room_stations\{what="there"\} 2\n/);
  });

  run(
    "an unknown station waits, and is heard once it was let in by its address",
    async (hub) => {
      await net.station("attic", { greets: true, runsMs: 1500 }).ended;
      const { waiting, stations } = await hub.state();
      assert.equal(waiting.length, 1);
      assert.deepEqual(stations, []);
      await hub.ask({ ask: "approve" });
      await hub.until(({ stations }) => stations.some(({ phase }) => phase === "live"));
    },
    "pending",
  );

  run("stations on the other group are heard, reached, and told of in a plain warning", async (hub) => {
    const cellar = net.station("cellar", { greets: true, group: "239.255.0.100" });
    const barn = net.station("barn", { greets: true });
    await net.come(hub, [cellar, barn]);
    await hub.until(({ faults }) => faults.includes("room-group"));
    await hub.ask({ ask: "say", wav: net.said });
    const { found, sounding } = await cellar.heard();
    assert.ok(found >= slots - 1, `${found} of ${slots} slots were heard`);
    assert.ok(sounding <= slots + 2, "a station that hears both groups plays it once");
  });

  run("5,000 packets of garbage a second cost a running talk under 1 % of its slots", async (hub, diagnostic) => {
    const barn = net.station("barn", { greets: true });
    await net.come(hub, [barn]);
    const garbage = net.garbage("cellar", { perSecond: 5000, forMs: 4500 });
    await garbage.begun;
    await net.station("attic", { says: true }).ended;
    const { found, sounding } = await barn.heard();
    const sent = await garbage.ended;
    const { metrics, stations } = await hub.state();
    diagnostic(`${sent} datagrams of garbage; ${found} of ${slots} slots heard`);
    assert.ok(sent > 15_000, `${sent} datagrams of garbage`);
    assert.ok(found >= slots - 1, `${found} of ${slots} slots were heard`);
    assert.ok(sounding <= slots + 2, `${sounding} slots sound`);
    assert.ok(stations.length <= 3, `garbage became devices: ${JSON.stringify(stations)}`);
    assert.match(metrics, /doorward_room_turned_away_total\{why="notOpus"\} \d{3,}\n/);
  });
});

function buildStation(): string | undefined {
  const { status, error, stderr } = spawnSync("make", { cwd: native, encoding: "utf8" });
  return status === 0 ? undefined : `the station cannot be built here: ${error?.message ?? stderr}`;
}

const ip = (line: string) => spawnSync("ip", line.split(" "), { encoding: "utf8" });
const named = (space: Space) => `dwr${process.pid % 100_000}-${space}`;

/** Makes the namespaces; says why when it cannot. */
function openNetwork(_folder: string): string | undefined {
  for (const space of Object.keys(spaces) as Space[]) {
    const { status, stderr } = ip(`netns add ${named(space)}`);
    if (status !== 0) return `network namespaces are not allowed here: ${stderr ?? "ip is not installed"}`;
    ip(`-n ${named(space)} link set lo up`);
  }
  const hub = named("hub");
  for (const [n, bridge] of ["house", "yard"].entries()) {
    ip(`-n ${hub} link add ${bridge} type bridge mcast_snooping 0`);
    ip(`-n ${hub} addr add 10.${61 + n}.0.1/24 dev ${bridge}`);
    ip(`-n ${hub} link set ${bridge} up`);
  }
  for (const [space, bridge, address] of [
    ["attic", "house", "10.61.0.2"],
    ["cellar", "house", "10.61.0.3"],
    ["barn", "yard", "10.62.0.2"],
  ] as const) {
    ip(`link add eth0 netns ${named(space)} type veth peer name v${space} netns ${hub}`);
    ip(`-n ${hub} link set v${space} master ${bridge} up`);
    ip(`-n ${named(space)} addr add ${address}/24 dev eth0`);
    ip(`-n ${named(space)} link set eth0 up`);
  }
  return undefined;
}

interface StationOptions {
  /** It says a word, so that it is known. */
  readonly greets?: true;
  /** It says all of what is to be said. */
  readonly says?: true;
  readonly group?: string;
  /** Until it is ended, unless given or it says something. */
  readonly runsMs?: number;
}

/** The hub and the stations, each in its namespace. */
class Network implements AsyncDisposable {
  readonly said: string;
  readonly #folder: string;
  readonly #children = new Set<ChildProcess>();

  constructor(folder: string) {
    this.#folder = folder;
    this.said = join(folder, "said.wav");
  }

  async startHub(enrolment: string): Promise<RoomsHub> {
    const folder = await mkdtemp(join(this.#folder, "hub-"));
    const config = `enrolment: ${enrolment === "pending" ? "pending" : "open"}\nroom: { interfaces: [house, yard] }\ndevices: {}\n`;
    await writeFile(join(folder, "doorward.yaml"), config);
    const child = this.#inside("hub", [process.execPath, join(import.meta.dirname, "rooms-hub.ts"), folder]);
    const hub = new RoomsHub(child);
    await hub.answer();
    return hub;
  }

  station(space: Exclude<Space, "hub">, how: StationOptions) {
    const { greets, says, group, runsMs = says ? 4000 : undefined } = how;
    const talk = greets || says ? ["--talk-at", "300", "--talk-for", greets ? "700" : "2300"] : [];
    const line = ["--interface", "eth0", "--volume", "100", "--in", this.said, "--out", "-"];
    const ends = runsMs === undefined ? [] : ["--run-for", `${runsMs}`];
    const more = [...ends, ...talk, ...(group ? ["--group", group] : [])];
    return new Station(space, this.#inside(space, [join(native, "build", "room-station"), ...line, ...more]));
  }

  /** Resolves when the hub knows the stations by their word, nobody holds the floor any more, and nothing is played any more. */
  async come(hub: RoomsHub, stations: readonly Station[]): Promise<void> {
    const there = (state: RoomsState) => state.stations.filter(({ phase }) => phase === "live").length;
    await hub.until((state) => there(state) === stations.length && !state.busy);
    await Promise.all(stations.map((station) => station.listens()));
  }

  /** Sends datagrams of chance to the group and to the hub. */
  garbage(space: "cellar", { perSecond, forMs }: { readonly perSecond: number; readonly forMs: number }) {
    const script = join(import.meta.dirname, "rooms-garbage.ts");
    const child = this.#inside(space, [process.execPath, script, "10.61.0.3", "10.61.0.1", `${perSecond}`, `${forMs}`]);
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const begun = lines.next();
    return { begun, ended: begun.then(async () => Number((await lines.next()).value)) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const space of Object.keys(spaces) as Space[]) ip(`netns del ${named(space)}`);
  }

  #inside(space: Space, command: readonly string[]): ChildProcess {
    const child = spawn("ip", ["netns", "exec", named(space), ...command], { stdio: ["pipe", "pipe", "inherit"] });
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }
}

/** Of one slot of 20 ms, as a station writes it. */
const slotBytes = 640;
/** A talk is over at the station when it has played so many more slots: what still waits before its loudspeaker, and to spare. */
const restSlots = 40;

/** A station that runs, and what it has played so far: silence, too, 50 slots a second by its own clock. */
class Station {
  readonly name: string;
  readonly ended: Promise<unknown>;
  readonly #child: ChildProcess;
  readonly #played: Buffer[] = [];
  #bytes = 0;
  #fromBytes = 0;
  #onPlayed: (() => void) | undefined;

  constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    this.ended = once(child, "close");
    child.stdout?.on("data", (samples: Buffer) => {
      this.#played.push(samples);
      this.#bytes += samples.length;
      this.#onPlayed?.();
    });
  }

  /** Waits until it has fallen silent. What it played before is not looked at. */
  async listens(): Promise<void> {
    await within(`${this.name} is silent`, this.#plays(restSlots, { silently: true }));
    this.#fromBytes = this.#bytes - (this.#bytes % slotBytes);
  }

  /** The talk is over. Ends the station: how many of the slots that were said it heard, and how many sound at all. */
  async heard(): Promise<{ readonly found: number; readonly sounding: number }> {
    await within(`${this.name} has played what was said`, this.#plays(restSlots));
    this.#child.kill("SIGTERM");
    await within(`${this.name} ends`, this.ended);
    const head = wavOfTones([]);
    const tones = tonesOfWav(Buffer.concat([head, Buffer.concat(this.#played).subarray(this.#fromBytes)]));
    return { found: heardOf(slotTones(slots), tones), sounding: tones.filter((tone) => tone !== undefined).length };
  }

  /** Resolves when it has played so many slots more; `silently`: one after the other without a sound in them. */
  async #plays(slots: number, { silently = false } = {}): Promise<void> {
    let wanted = this.#bytes + slots * slotBytes;
    await new Promise<void>((resolve, reject) => {
      this.#onPlayed = () => {
        if (silently && this.#played.at(-1)?.some((byte) => byte !== 0)) wanted = this.#bytes + slots * slotBytes;
        if (this.#bytes >= wanted) resolve();
      };
      this.ended.then(() => reject(new Error(`${this.name} ended by itself`)), reject);
    });
  }
}

class RoomsHub implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  async answer(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the hub ended");
    return JSON.parse(value);
  }

  ask(asked: Asked): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(asked)}\n`);
    return this.answer();
  }

  async state(): Promise<RoomsState> {
    return (await this.ask({ ask: "state" })) as RoomsState;
  }

  async until(look: (state: RoomsState) => boolean): Promise<void> {
    for (let n = 0; n < 200; n++) {
      if (look(await this.state())) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail(`never came true: ${look}; ${JSON.stringify(await this.state())}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.stdin?.end();
    await gone;
  }
}
