import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BellPress } from "../../hub/call-api.ts";
import type { CallInfo } from "../../hub/call-info.ts";
import { silentLog } from "../../util/log.ts";
import type { BusMessage } from "../bus.ts";
import { followCompanions } from "./companions.ts";
import { mqttConfig } from "./config.ts";

function house(companions: object) {
  const config = mqttConfig.parse({ companions });
  const handlers = new Map<string, (message: BusMessage) => void>();
  const rung: BellPress[] = [];
  const ended: unknown[] = [];
  const running = [
    { id: "1", from: { deviceId: "front-door" } },
    { id: "2", from: { deviceId: "gate" } },
  ] as unknown as CallInfo[];
  const companion = followCompanions({
    bus: {
      onCommand: (topic, handler) => {
        handlers.set(topic, handler);
        return { [Symbol.dispose]: () => handlers.delete(topic) };
      },
    },
    calls: {
      ring: (press) => {
        rung.push(press);
        return { state: "ringing" };
      },
      list: () => running,
      end: (id, _by, reason) => {
        ended.push([id, reason]);
        return { state: "done" };
      },
    },
    companions: config?.companions ?? {},
    log: silentLog,
  });
  const say = (topic: string, payload: string) => handlers.get(topic)?.({ topic, payload, retained: false });
  return { companion, handlers, rung, ended, say };
}

describe("start and stop over MQTT", () => {
  it("ring the door's bell for the people of the topic, and end what goes on there", () => {
    const { say, rung, ended } = house({
      "home/phone": { door: "front-door", rings: ["person:Anna"] },
      "home/all": { door: "gate" },
    });
    say("home/phone", "start");
    say("home/all", " start\n");
    for (const other of ["", "START", "starts", '{"start":true}', "home"]) say("home/phone", other);
    assert.deepEqual(rung, [{ from: "front-door", to: ["person:Anna"] }, { from: "gate" }]);
    say("home/phone", "stop");
    assert.deepEqual(ended, [["1", "cancelled"]]);
  });

  it("are heard no longer when the hub ends", () => {
    const { companion, handlers } = house({ "home/phone": { door: "front-door" } });
    companion[Symbol.dispose]();
    assert.equal(handlers.size, 0);
  });

  it("have topics that are one topic", () => {
    for (const topic of ["home/#", "home/+/x", "", "$SYS/x"]) {
      assert.throws(() => mqttConfig.parse({ companions: { [topic]: { door: "x" } } }), topic);
    }
  });
});
