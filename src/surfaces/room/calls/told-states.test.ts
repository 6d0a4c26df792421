import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deviceOf, type Room, rooms, stationHouse } from "../../../../test/station-house.ts";
import { ToldStates } from "./told-states.ts";

/** What stations are told, and what they want. */
async function house(knows: readonly Room[]) {
  const of = await stationHouse({ knows });
  const said: string[] = [];
  const told = new ToldStates({
    ...of,
    bus: {
      command: (topic, payload) => {
        const { state, who, to, why } = JSON.parse(payload);
        const room = Object.values(rooms).find(({ id }) => topic === `intercom/${id}/call/set`)?.name;
        said.push([room, state, who, to, why].filter(Boolean).join(" "));
        return true;
      },
    },
    hubFrom: () => "192.168.1.1",
  });
  const wish = (room: Room, what: "answer" | "decline" | "hangup", id = of.call()?.id ?? "") =>
    of.stations.reported(rooms[room].id, { kind: "call", wish: { do: what, id } });
  const disposed = async () => {
    told[Symbol.dispose]();
    await of[Symbol.asyncDispose]();
  };
  return { ...of, wish, said: () => said.splice(0), [Symbol.asyncDispose]: disposed };
}

describe("a station that knows of calls", () => {
  it("is told when it rings, who answered, where to speak to, and who ended it; the others are told nothing", async () => {
    await using of = await house(["kitchen", "office"]);
    of.said();
    of.press("kitchen", "office");
    assert.deepEqual(of.said(), ["Kitchen calling Office", "Office ringing Kitchen"]);
    of.wish("office", "answer");
    assert.deepEqual(of.said(), ["Kitchen answered Office 192.168.1.1", "Office answered Kitchen 192.168.1.1"]);
    of.wish("kitchen", "hangup");
    assert.deepEqual(of.said(), ["Kitchen idle Kitchen ended", "Office idle Kitchen ended"]);
  });

  it("declines, is told who answered elsewhere, and why nobody could be called", async () => {
    await using of = await house(["kitchen", "office", "attic"]);
    of.said();
    of.press("kitchen", "office");
    of.wish("office", "decline");
    assert.deepEqual(of.said().slice(-2), ["Kitchen idle Office declined", "Office idle Office declined"]);
    of.calls.press(deviceOf("kitchen"), [`device:${deviceOf("office")}`, `device:${deviceOf("attic")}`]);
    of.wish("attic", "answer");
    assert.ok(of.said().includes("Office idle Attic answered"));
    of.press("office", "attic");
    assert.deepEqual(of.said().at(-1), "Office idle busy");
  });

  it("is told again where it started anew, and every ten seconds while there is a call", async () => {
    await using of = await house(["kitchen", "office"]);
    of.press("kitchen", "office");
    of.said();
    await of.clock.advance(10_000);
    assert.deepEqual(of.said(), ["Kitchen calling Office", "Office ringing Kitchen"]);
    of.stations.status(rooms.office.id, true);
    assert.deepEqual(of.said(), ["Office ringing Kitchen"]);
    of.wish("kitchen", "hangup");
    of.said();
    await of.clock.advance(60_000);
    assert.deepEqual(of.said(), []);
  });

  it("wants nothing of another call, and one that knows of none wants nothing", async () => {
    await using of = await house(["office"]);
    of.press("kitchen", "office");
    of.wish("office", "answer", "another");
    of.wish("kitchen", "hangup");
    of.wish("attic", "answer");
    assert.equal(of.call()?.state, "ringing");
    assert.ok(of.said().every((line) => line.startsWith("Office")));
  });
});
