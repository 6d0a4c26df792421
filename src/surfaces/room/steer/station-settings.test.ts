import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ManualClock } from "../../../util/clock.ts";
import { StationSettings } from "./station-settings.ts";
import type { StationValues } from "./told-stations.ts";

const id = "intercom_9a0b1c2d";

/** A hub with one device, and a station that may be deaf, slow, or of its own mind. */
function openPair(options: { readonly obeys?: (payload: string) => string; readonly answers?: boolean } = {}) {
  const { obeys = (payload) => payload, answers = true } = options;
  const clock = new ManualClock();
  const settings = { volume: 1, muted: false, doNotDisturb: false };
  const device = { id: "intercom-9a0b1c2d", settings } as never as { id: string; settings: never };
  let said: StationValues = {};
  let online = true;
  const commands: string[] = [];
  const updates: unknown[] = [];
  const sync = new StationSettings({
    said: () => said,
    station: () => ({ id, online, device }),
    command: (_id, what, payload) => {
      commands.push(`${what} ${payload}`);
      if (answers) clock.timer(30, () => tell(what, obeys(payload)));
    },
    update: (_id, change) => {
      updates.push(change);
      clock.timer(10, () => person(change as Partial<typeof settings>));
    },
    clock,
  });
  const tell = (what: string, payload: string) => {
    said = { ...said, [what]: what === "volume" ? Number(payload) : payload === "ON" };
    sync.said(id, what as "volume");
  };
  const person = (change: Partial<typeof settings>) => {
    Object.assign(settings, change);
    sync.changed(id);
  };
  const setOnline = (is: boolean) => {
    online = is;
    sync.changed(id);
  };
  sync.changed(id);
  return { clock, settings, commands, updates, tell, person, setOnline, said: () => said };
}

describe("a station's settings and its device's", () => {
  it("follow the station: what it says is what is shown, and no command comes of it", async () => {
    const { clock, settings, commands, tell } = openPair();
    tell("volume", "40");
    tell("mute", "ON");
    tell("dnd", "ON");
    await clock.advance(5000);
    assert.deepEqual(settings, { volume: 0.4, muted: true, doNotDisturb: true });
    assert.deepEqual(commands, []);
  });

  it("follow a person: what they change is a command, and the station's answer changes nothing more", async () => {
    const { clock, settings, commands, updates, person, said } = openPair();
    person({ volume: 0.3 });
    person({ muted: true });
    person({ doNotDisturb: true });
    await clock.advance(10_000);
    assert.deepEqual(commands, ["volume 30", "mute ON", "dnd ON"]);
    assert.deepEqual(said(), { volume: 30, mute: true, dnd: true });
    assert.deepEqual([settings, updates], [{ volume: 0.3, muted: true, doNotDisturb: true }, []]);
  });

  it("show what the station made of it", async () => {
    const { clock, settings, commands, person } = openPair({ obeys: (payload) => (payload === "33" ? "35" : payload) });
    person({ volume: 0.33 });
    await clock.advance(10_000);
    assert.deepEqual([commands, settings.volume], [["volume 33"], 0.35]);
  });

  it("show how it was when the station does nothing", async () => {
    const { clock, settings, commands, tell, person } = openPair({ answers: false });
    tell("volume", "50");
    await clock.advance(2000);
    person({ volume: 0.8 });
    await clock.advance(1999);
    assert.equal(settings.volume, 0.8, "it may take its time");
    await clock.advance(5000);
    assert.deepEqual([commands, settings.volume], [["volume 80"], 0.5]);
  });

  it("tell a station that was away what was changed meanwhile, when it is back", async () => {
    const { clock, settings, commands, tell, person, setOnline } = openPair();
    tell("volume", "50");
    await clock.advance(2000);
    setOnline(false);
    person({ volume: 0.8 });
    await clock.advance(60_000);
    assert.deepEqual(commands, []);
    tell("volume", "50");
    setOnline(true);
    await clock.advance(10_000);
    assert.deepEqual([commands, settings.volume], [["volume 80"], 0.8]);
  });

  it("send of a slider that is dragged a few, and the last one", async () => {
    const { clock, settings, commands, person } = openPair();
    for (let percent = 0; percent < 100; percent++) {
      person({ volume: percent / 100 });
      await clock.advance(10);
    }
    await clock.advance(10_000);
    assert.ok(commands.length <= 7, commands.join());
    assert.deepEqual([commands.at(-1), settings.volume], ["volume 99", 0.99]);
  });

  it("come to rest and agree whatever both sides do", async () => {
    const step = fc.record({
      who: fc.constantFrom("person", "station"),
      percent: fc.nat({ max: 100 }),
      waitMs: fc.nat({ max: 3000 }),
    });
    const property = fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const { clock, settings, commands, updates, tell, person, said } = openPair();
      tell("volume", "100");
      for (const { who, percent, waitMs } of steps) {
        if (who === "person") person({ volume: percent / 100 });
        else tell("volume", String(percent));
        await clock.advance(waitMs);
      }
      await clock.advance(20_000);
      const made = commands.length + updates.length;
      await clock.advance(60_000);
      assert.equal(commands.length + updates.length, made, "no echo goes on");
      assert.ok(made <= 3 * steps.length + 1);
      assert.equal(Math.round(settings.volume * 100), said().volume);
    });
    await fc.assert(property, { numRuns: 100 });
  });
});
