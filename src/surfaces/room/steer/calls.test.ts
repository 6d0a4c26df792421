import assert from "node:assert/strict";
import { it } from "node:test";
import type { CallEvent } from "../../../hub/call-api.ts";
import type { CallInfo } from "../../../hub/call-info.ts";
import { ManualClock } from "../../../util/clock.ts";
import { Listeners } from "../../../util/listeners.ts";
import { silentLog } from "../../../util/log.ts";
import { Bus } from "../../bus.ts";
import { tellCalls } from "./calls.ts";

it("shows a station who calls it, once for each call, and nobody else", () => {
  const bus = new Bus({ clock: new ManualClock(), log: silentLog });
  const sent: string[] = [];
  bus.plug({
    publish: (topic, payload, { retain }) => sent.push(`${topic} ${payload}${retain ? " kept" : ""}`),
    subscribe: () => {},
    unsubscribe: () => {},
  });
  const changes = new Listeners<CallEvent>((error) => assert.fail(String(error)));
  const roomOf = (id: string) => (id === "kitchen" ? "Kitchen" : undefined);
  using _told = tellCalls({ bus, calls: { onChange: (listener) => changes.add(listener) }, roomOf });
  const rung = ["kitchen", "panel"].map((id) => ({
    ...{ party: `device:${id}` as const, name: id, deviceId: id, state: "told" as const },
  }));
  const call: CallInfo = {
    ...{ id: "1", from: { party: "device:front", name: "Front door" }, to: [], state: "ringing", lock: false },
    ...{ rung, participants: [], startedMs: 0 },
  };
  changes.emit({ call: { ...call, rung: [] }, change: "ringing" });
  assert.deepEqual(sent, []);
  changes.emit({ call, change: "rung" });
  changes.emit({ call, change: "confirmed" });
  changes.emit({ call: { ...call, state: "answered" }, change: "answered" });
  assert.deepEqual(sent, ['intercom/call {"target":"Kitchen","caller":"Front door","source":"hub"}']);
  changes.emit({ call: { ...call, id: "2" }, change: "ringing" });
  assert.equal(sent.length, 2);
});
