import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import type { HubDevice } from "./api.ts";
import type { CallEvent, Ringer } from "./call-api.ts";
import type { CallInfo, CallParty, PartyId } from "./call-info.ts";
import { CallPlans } from "./call-plan.ts";
import { Calls } from "./calls.ts";
import { settingsOf } from "./device-settings.ts";
import { Floors } from "./floors.ts";

const histories = Number(process.env["CALL_HISTORIES"] ?? 10_000);
const steps = 40;

/** Numbers as if by chance, the same for the same seed (mulberry32). */
function chance(seed: number) {
  let state = seed;
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
  const of = <T>(list: readonly T[]): T | undefined => list[below(list.length || 1)];
  return { below, of };
}

/** Time that passes when told, timers in their order. */
function steppedClock(): Clock & { pass(ms: number): void; readonly pending: number } {
  let nowUs = 0;
  let timers: { readonly atUs: number; readonly run: () => void }[] = [];
  return {
    nowUs: () => nowUs,
    wallMs: () => 1_800_000_000_000 + nowUs / 1000,
    sleep: () => Promise.reject(new Error("nothing sleeps here")),
    timer: (delayMs, run) => {
      const timer = { atUs: nowUs + Math.max(0, Math.round(delayMs * 1000)), run };
      timers.push(timer);
      return {
        [Symbol.dispose]: () => {
          timers = timers.filter((other) => other !== timer);
        },
      };
    },
    pass: (ms) => {
      const endUs = nowUs + ms * 1000;
      for (;;) {
        const due = timers.filter(({ atUs }) => atUs <= endUs).sort((a, b) => a.atUs - b.atUs)[0];
        if (!due) break;
        nowUs = Math.max(nowUs, due.atUs);
        timers = timers.filter((other) => other !== due);
        due.run();
      }
      nowUs = endUs;
    },
    get pending() {
      return timers.length;
    },
  };
}

const deviceSettings = {
  door: { area: "Entrance", bell: { lock: { by: "station" }, names: { b: { name: "Flat B" } } } },
  gate: {
    bell: {
      groups: [
        ["device:hall", "person:anna"],
        ["person:ben", "device:attic"],
      ],
      forward: { afterS: 20, to: ["person:cleo"] },
    },
  },
  yard: { bell: { rings: ["all", "person:anna"], ringS: 20, openedEnds: false } },
  hall: { area: "Entrance" },
  attic: {},
} as const;
type DeviceId = keyof typeof deviceSettings;
const stationIds: readonly DeviceId[] = ["hall", "attic"];
const bells = [["door"], ["door", "b"], ["gate"], ["yard"]] as const;

const devices = new Map<string, HubDevice>(
  Object.entries(deviceSettings).map(([id, more]) => {
    const settings = settingsOf({ name: id, ...more } as Parameters<typeof settingsOf>[0]);
    const kind = stationIds.includes(id as DeviceId) ? "room" : "door";
    return [id, { id, name: id, area: settings.area, settings, info: () => ({ kind }) } as unknown as HubDevice];
  }),
);

/** The part of a ringer: nothing, saying that it rings, answering at once, or failing. */
const tempers = ["silent", "confirms", "answers", "throws"] as const;

/** A house, what is rung in it, and who holds which speaker; checks after each step what always holds. */
class World {
  readonly clock = steppedClock();
  readonly floors = new Floors();
  readonly ringing = new Set<string>();
  readonly answerers = new Map<string, string>();
  readonly ended = new Set<string>();
  readonly begun = new Set<string>();
  /** The calls of bells. */
  readonly pressed = new Set<string>();
  readonly ringers = new Map<string, Disposable>();
  quiet = new Set<string>();
  calls: Calls;

  constructor() {
    this.calls = this.#open();
  }

  #open(): Calls {
    const plans = new CallPlans({
      device: (id) => devices.get(id),
      house: () => ({
        devices: stationIds.map((id) => ({ id, area: devices.get(id)?.area, speaks: true })),
        groups: new Map(),
      }),
      person: (name) => ({ id: name, name }),
      isQuiet: ({ party }) => this.quiet.has(party),
      isBellQuiet: () => false,
      ringS: () => 45,
    });
    const calls = new Calls({
      plans,
      clock: this.clock,
      log: { ...silentLog, error: this.#failed } as typeof silentLog,
    });
    calls.onChange((event) => this.#changed(event));
    return calls;
  }

  /** What is logged is a ringer that fails on purpose; all else is a fault of ours. */
  readonly #failed = (fields: object): void => {
    const { err } = fields as { readonly err?: Error };
    if (err?.message !== "a ringer that fails") throw err ?? new Error("something was logged");
  };

  #changed({ call, change, by }: CallEvent): void {
    assert.ok(!this.ended.has(call.id), `a change (${change}) of a call that is over`);
    if (change === "ringing") {
      assert.ok(!this.begun.has(call.id), "a call begins once");
      this.begun.add(call.id);
    }
    if (change === "answered") {
      assert.ok(!this.answerers.has(call.id), "a second answerer");
      this.answerers.set(call.id, by?.party ?? "");
    }
    if (call.state === "answered") assert.equal(call.answeredBy?.party, this.answerers.get(call.id));
    if (call.state === "ended") this.ended.add(call.id);
    this.#hold(call);
  }

  /** What is said in a call holds the speakers of its devices while they take part. */
  #hold(call: CallInfo): void {
    for (const id of devices.keys()) {
      const turnId = `talk ${call.id} ${id}`;
      const talks = call.state === "answered" && call.participants.some(({ deviceId }) => deviceId === id);
      const nowUs = this.clock.nowUs();
      if (!talks) this.floors.release(turnId, nowUs);
      else
        this.floors.ask({ turnId, name: id, priority: 1, members: [id], queue: true, holds: "until-released" }, nowUs);
    }
  }

  arrive(party: PartyId, how: { readonly temper: (typeof tempers)[number]; readonly place: number }): void {
    const key = `${party}@${how.place}`;
    this.leave(key);
    const { deviceId, name } = partyOf(party);
    const rings = new Set<string>();
    const chime = (callId: string) => `chime ${callId} ${key}`;
    const quieten = (callId: string) => {
      rings.delete(callId);
      this.ringing.delete(`${callId} ${key}`);
      this.floors.release(chime(callId), this.clock.nowUs());
    };
    const ringer: Ringer = {
      party,
      name,
      ...(deviceId !== undefined && { deviceId }),
      mayAnswer: () => party.startsWith("person:"),
      ring: (call) => {
        assert.ok(!rings.has(call.id), "rung twice");
        rings.add(call.id);
        this.ringing.add(`${call.id} ${key}`);
        const nowUs = this.clock.nowUs();
        const members = deviceId === undefined ? [] : [deviceId];
        this.floors.ask(
          { turnId: chime(call.id), name, priority: 0, members, queue: true, holds: "until-released" },
          nowUs,
        );
        if (how.temper === "confirms") this.calls.confirm(call.id, party);
        if (how.temper === "answers") this.calls.answer(call.id, partyOf(party));
        if (how.temper === "throws") throw new Error("a ringer that fails");
      },
      stop: (call) => {
        assert.ok(rings.has(call.id), "silenced without having rung");
        quieten(call.id);
      },
    };
    const added = this.calls.addRinger(ringer);
    this.ringers.set(key, {
      [Symbol.dispose]: () => {
        added[Symbol.dispose]();
        for (const callId of rings) quieten(callId);
      },
    });
  }

  leave(key: string): void {
    this.ringers.get(key)?.[Symbol.dispose]();
    this.ringers.delete(key);
  }

  restart(): void {
    this.calls[Symbol.dispose]();
    assert.deepEqual(this.calls.list(), []);
    assert.equal(this.ringing.size, 0, "a ghost ring over a restart");
    for (const key of [...this.ringers.keys()]) this.leave(key);
    assert.equal(this.clock.pending, 0, "a timer is left");
    this.calls = this.#open();
  }

  check(): void {
    const running = this.calls.list();
    const meant = new Set<string>();
    const talking = new Set<PartyId>();
    const rung = new Set<string>();
    for (const call of running) {
      assert.ok(!this.ended.has(call.id));
      const bell = `${call.from.party}/${call.from.bell ?? ""}`;
      if (this.pressed.has(call.id)) {
        assert.ok(!rung.has(bell), "two calls of one bell");
        rung.add(bell);
      }
      for (const { party, state } of call.rung) {
        const rings = call.state === "ringing" && (state === "told" || state === "ringing");
        for (const key of this.ringers.keys()) if (rings && key.startsWith(`${party}@`)) meant.add(`${call.id} ${key}`);
        if (rings)
          assert.ok(
            [...this.ringers.keys()].some((key) => key.startsWith(`${party}@`)),
            "nobody rings",
          );
      }
      assert.ok(call.state !== "answered" || call.participants.length >= 2, "somebody talks alone");
      for (const { party } of call.state === "answered" ? call.participants : []) {
        assert.ok(!talking.has(party), "somebody talks in two calls");
        talking.add(party);
      }
    }
    assert.deepEqual([...this.ringing].sort(), [...meant].sort(), "what rings is what is meant to ring");
    this.#checkFloors(running);
    const rings = running.some(({ state }) => state === "ringing");
    if (rings) assert.ok(this.clock.pending > 0, "nothing ends what rings");
  }

  #checkFloors(running: readonly CallInfo[]): void {
    for (const { turnId } of this.floors.holders) {
      const [kind, callId = "", whose = ""] = turnId.split(" ");
      const call = running.find(({ id }) => id === callId);
      const holds =
        kind === "chime"
          ? this.ringing.has(`${callId} ${whose}`)
          : call?.state === "answered" && call.participants.some(({ deviceId }) => deviceId === whose);
      assert.ok(holds, `a stuck floor: ${turnId}`);
    }
  }
}

function partyOf(party: PartyId): CallParty {
  const name = party.slice(party.indexOf(":") + 1);
  return { party, name, ...(party.startsWith("device:") && { deviceId: name }) };
}

const people: readonly PartyId[] = [
  "person:anna",
  "person:ben",
  "person:cleo",
  "device:hall",
  "device:attic",
  "client:ha",
  "device:door",
];

/** One thing that happens. */
function happen(world: World, { below, of }: ReturnType<typeof chance>): void {
  const call = of(world.calls.list());
  const party = of(people) ?? "person:anna";
  const who = partyOf(party);
  const id = call?.id ?? "none";
  switch (below(14)) {
    case 0:
    case 1: {
      const [from, bell] = of(bells) ?? ["door"];
      const { call: rung, state } = world.calls.ring({
        from,
        bell,
        ...(below(2) === 0 && { pressId: `p${below(4)}` }),
      });
      if (rung && state === "ringing") world.pressed.add(rung.id);
      return;
    }
    case 2:
      world.calls.call({ from: who, to: [of(people) ?? "person:ben", ...(below(2) === 0 ? (["all"] as const) : [])] });
      return;
    case 3:
    case 4:
      world.calls.answer(id, who);
      return;
    case 5:
      world.calls.decline(id, who, below(3) === 0 ? { reply: "no" } : { forSelf: below(2) === 0 });
      return;
    case 6:
      world.calls.end(id, below(8) === 0 ? undefined : who);
      return;
    case 7:
      world.calls.join(id, who);
      return;
    case 8:
      world.calls.confirm(id, party);
      return;
    case 9:
    case 10:
      world.arrive(party, { temper: tempers[below(16)] ?? "silent", place: below(2) });
      return;
    case 11:
      world.leave(`${party}@${below(2)}`);
      return;
    case 12:
      if (below(4) === 0) world.restart();
      else if (below(3) === 0) world.calls.opened(of(["door", "yard"]) ?? "door");
      else if (below(2) === 0) world.quiet.add(party);
      else world.quiet.clear();
      return;
    default:
      world.clock.pass(of([10, 1000, 3000, 6000, 16_000, 50_000]) ?? 10);
  }
}

test(`${histories} random histories: one answerer, no ghost ring, no stuck floor, and everything ends`, () => {
  for (let seed = 1; seed <= histories; seed++) {
    const world = new World();
    const luck = chance(seed);
    try {
      for (const party of people) if (luck.below(3) > 0) world.arrive(party, { temper: "silent", place: 0 });
      for (let step = 0; step < steps; step++) {
        happen(world, luck);
        world.check();
      }
      // What rings ends or is answered by itself; what is answered, when people hang up.
      world.clock.pass(301_000);
      for (const { id, participants } of world.calls.list()) for (const one of participants) world.calls.end(id, one);
      world.check();
      assert.deepEqual(world.calls.list(), [], "a call that does not end");
      assert.deepEqual(world.ended, world.begun);
      assert.deepEqual(world.floors.holders, []);
      world.restart();
    } catch (error) {
      throw new Error(`history ${seed} (CALL_HISTORIES=${seed} reaches it)`, { cause: error });
    }
  }
});
