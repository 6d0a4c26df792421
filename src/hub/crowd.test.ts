import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { makeHouse, recording, type talkerOf } from "../../test/scripted-house.ts";
import type { Turn } from "./api.ts";
import type { ChannelId } from "./channel.ts";
import { type FloorEffect, type FloorRequest, Floors, type Priority } from "./floors.ts";

const people = 50;
const rooms = ["a", "b", "c", "d", "e"];
const maxQueue = 12;
const longestMs = 20_000;

const anyone = fc.integer({ min: 0, max: people - 1 });
const anyPriority = fc.integer({ min: 0, max: 2 }) as fc.Arbitrary<Priority>;
const anyStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("ask" as const),
      who: anyone,
      priority: anyPriority,
      queue: fc.boolean(),
      rooms: fc.subarray(rooms, { minLength: 1 }),
      recorded: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("release" as const, "heard" as const), who: anyone }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("quiet" as const), room: fc.constantFrom(...rooms), on: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("move" as const), who: anyone, rooms: fc.subarray(rooms) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 8000 }) }) },
);
type Step = typeof anyStep extends fc.Arbitrary<infer One> ? One : never;

/** What an onlooker knows who sees only the requests and the effects. */
class Onlooker {
  readonly requests = new Map<string, FloorRequest & { readonly order: number }>();
  readonly waiting = new Set<string>();
  readonly held = new Map<string, Set<string>>();
  #order = 0;

  asked(request: FloorRequest): void {
    this.requests.set(request.turnId, { ...request, order: ++this.#order });
  }

  see(effect: FloorEffect, quiet: ReadonlySet<string>): void {
    const { turnId } = effect;
    if (effect.type === "granted") {
      if (this.waiting.delete(turnId)) this.#inOrder(turnId, quiet);
      this.held.set(turnId, new Set(effect.holder.members));
    } else if (effect.type === "queued") this.waiting.add(turnId);
    else if (effect.type === "left") this.held.get(turnId)?.delete(effect.member);
    else if (effect.type === "joined") this.held.get(turnId)?.add(effect.member);
    else if (effect.type === "refused" && effect.reason === "duplicate") return;
    else if (effect.type !== "ending") {
      this.waiting.delete(turnId);
      this.held.delete(turnId);
    }
  }

  /** True when somebody who is as urgent, or more, speaks where this one wants to be heard. */
  blocked(turnId: string, quiet: ReadonlySet<string>): boolean {
    const request = this.#request(turnId);
    const wanted = request.members.filter((room) => request.priority === 2 || !quiet.has(room));
    return [...this.held].some(
      ([id, held]) => this.#request(id).priority >= request.priority && wanted.some((room) => held.has(room)),
    );
  }

  /** Whoever is called out of the line: all before them, by priority and then by age, have to wait still. */
  #inOrder(turnId: string, quiet: ReadonlySet<string>): void {
    const called = this.#request(turnId);
    for (const id of this.waiting) {
      const other = this.#request(id);
      const before =
        other.priority > called.priority || (other.priority === called.priority && other.order < called.order);
      assert.ok(!before || this.blocked(id, quiet), `${id} stood before ${turnId} and could have spoken`);
    }
  }

  #request(turnId: string) {
    const request = this.requests.get(turnId);
    assert.ok(request, `${turnId} never asked`);
    return request;
  }
}

describe("fifty people who all want to speak", () => {
  it("never get one room twice, never stand in a line that could move, and are called by priority and then by age", () => {
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 20, maxLength: 200 }), (steps) => {
        const floors = new Floors({ maxQueue });
        const onlooker = new Onlooker();
        const quiet = new Set<string>();
        let nowUs = 0;
        for (const step of steps) {
          const effects = act(floors, { step, nowUs, onlooker, quiet });
          if (step.do === "wait") nowUs += step.ms * 1000;
          for (const effect of step.do === "wait" ? floors.tick(nowUs) : effects) onlooker.see(effect, quiet);
          check(floors, onlooker, quiet);
        }
        // Nobody says anything more: in the longest time that one may speak for each of them, all of it is over.
        for (let n = 0; n <= people && (floors.holders.length > 0 || onlooker.waiting.size > 0); n++) {
          nowUs += longestMs * 1000;
          for (const effect of floors.tick(nowUs)) onlooker.see(effect, quiet);
          check(floors, onlooker, quiet);
        }
        assert.deepEqual([floors.holders.length, onlooker.waiting.size, floors.nextTickUs()], [0, 0, undefined]);
      }),
      { numRuns: 300 },
    );
  });

  function act(
    floors: Floors,
    how: { readonly step: Step; readonly nowUs: number; readonly onlooker: Onlooker; readonly quiet: Set<string> },
  ): readonly FloorEffect[] {
    const { step, nowUs, onlooker, quiet } = how;
    if (step.do === "ask") {
      const turnId = `p${step.who}`;
      const { priority, queue, rooms: members, recorded } = step;
      const holds = recorded ? "until-released" : "while-heard";
      const request: FloorRequest = { turnId, name: turnId, priority, queue, members, holds, limitMs: longestMs };
      const known = onlooker.waiting.has(turnId) || onlooker.held.has(turnId);
      if (!known) onlooker.asked(request);
      const effects = floors.ask(request, nowUs);
      assert.equal(
        effects.some((one) => one.type === "refused" && one.reason === "duplicate"),
        known,
      );
      return effects;
    }
    if (step.do === "release") return floors.release(`p${step.who}`, nowUs);
    if (step.do === "quiet") {
      if (step.on) quiet.add(step.room);
      else quiet.delete(step.room);
      return floors.setDoNotDisturb(step.room, { on: step.on, nowUs });
    }
    if (step.do === "move") {
      const turnId = `p${step.who}`;
      const request = onlooker.requests.get(turnId);
      if (request) onlooker.requests.set(turnId, { ...request, members: step.rooms });
      return floors.retarget(turnId, { members: step.rooms, nowUs });
    }
    if (step.do === "heard") floors.heard(`p${step.who}`, nowUs);
    return [];
  }

  function check(floors: Floors, onlooker: Onlooker, quiet: ReadonlySet<string>): void {
    const held = floors.holders.flatMap(({ members }) => members);
    assert.equal(new Set(held).size, held.length, "a room has one holder");
    const told = new Map([...onlooker.held].map(([id, members]) => [id, [...members].sort()]));
    const is = new Map(floors.holders.map(({ turnId, members }) => [turnId, [...members].sort()]));
    assert.deepEqual(told, is, "everybody was told what they hold");
    assert.ok(onlooker.waiting.size <= maxQueue, "the line is bounded");
    for (const id of onlooker.waiting) assert.ok(onlooker.blocked(id, quiet), `${id} waits for nobody`);
  }

  it("are brought to the speakers one at a time, and every floor is given back", async () => {
    const anyDeed = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant("take" as const),
          who: anyone,
          priority: anyPriority,
          to: fc.constantFrom<ChannelId>("device:a", "device:b", "device:c", "all"),
          recorded: fc.boolean(),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constantFrom("say" as const, "finish" as const, "cancel" as const),
          who: anyone,
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 900 }) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant("mute" as const),
          room: fc.constantFrom("a", "b", "c"),
          muted: fc.boolean(),
          doNotDisturb: fc.boolean(),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyDeed, { minLength: 20, maxLength: 120 }), async (deeds) => {
        const { clock, route, devices, talker, most } = makeHouse(["a", "b", "c"], { longestTalkMs: longestMs });
        type Person = ReturnType<ReturnType<typeof talkerOf>> & { readonly turn: Turn };
        const speaking = new Map<number, Person>();
        const turns: Turn[] = [];
        for (const deed of deeds) {
          if (deed.do === "take") {
            const { priority, to } = deed;
            const asks = { priority, to: [to], queue: true, ...(deed.recorded && { source: recording(20) }) };
            const person = talker(`p${deed.who}`, asks);
            const turn = route.take(person.request);
            turns.push(turn);
            speaking.set(deed.who, { ...person, turn });
          } else if (deed.do === "wait") await clock.advance(deed.ms);
          else if (deed.do === "mute") {
            const device = devices.get(deed.room);
            assert.ok(device);
            const { muted, doNotDisturb } = deed;
            device.configure({ ...device.settings, muted, doNotDisturb });
            route.follow(device);
          } else if (deed.do === "say") speaking.get(deed.who)?.say("x");
          else speaking.get(deed.who)?.turn[deed.do]();
        }
        for (let n = 0; n <= turns.length; n++) await clock.advance(4000);
        await Promise.all(turns.map(({ done }) => done));
        for (const room of ["a", "b", "c"]) {
          assert.deepEqual(route.holder(room), { holder: undefined, queued: 0 });
          assert.ok((most.get(room) ?? 0) <= 1, `${room} was made to play two things at the same time`);
        }
      }),
      { numRuns: 60 },
    );
  });
});
