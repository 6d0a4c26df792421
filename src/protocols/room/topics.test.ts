import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  isAllRooms,
  parsePercent,
  parsePriority,
  parseRoomJson,
  parseRoomTopic,
  parseStationState,
  parseSwitch,
  type RoomAddress,
  roomCallSchema,
  roomTopicOf,
  roomTopics,
  stationInfoSchema,
} from "./topics.ts";

describe("the topics of rooms", () => {
  it("say what they are about, and are made of it again", () => {
    const station = "intercom_0a1b2c3d";
    const all: readonly (readonly [string, RoomAddress])[] = [
      ["intercom/intercom_0a1b2c3d/status", { kind: "state", station, what: "status" }],
      ["intercom/intercom_0a1b2c3d/volume/set", { kind: "command", station, what: "volume" }],
      ["intercom/intercom_0a1b2c3d/notify", { kind: "notify", station }],
      ["intercom/devices/intercom_0a1b2c3d/info", { kind: "info", station }],
      ["intercom/call", { kind: "call" }],
    ];
    for (const [topic, address] of all) {
      assert.deepEqual(parseRoomTopic(topic), address);
      assert.equal(roomTopicOf(address), topic);
    }
    for (const what of roomTopics) {
      assert.deepEqual(parseRoomTopic(`intercom/x/${what}`), { kind: "state", station: "x", what });
    }
  });

  it("leave alone what is not theirs", () => {
    for (const topic of [
      ...["", "intercom", "intercom/", "intercom//status", "intercom/x/unknown", "intercom/x/volume/get"],
      ...["homeassistant/status", "intercom/devices//info", "intercom/devices/x/y/info", "intercom/x/volume/set/set"],
      ...["intercom/x/notify/set", "intercom/a b/status", `intercom/${"x".repeat(65)}/status`],
    ]) {
      assert.equal(parseRoomTopic(topic), undefined, topic);
    }
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."interco/mx+#") }), (topic) => void parseRoomTopic(topic)),
    );
  });

  it("carry a station's state as JSON or as a word, and nothing else", () => {
    assert.deepEqual(parseStationState('{"state":"transmitting","target":"Kitchen"}'), {
      state: "transmitting",
      target: "Kitchen",
    });
    assert.deepEqual(parseStationState("idle"), { state: "idle" });
    assert.deepEqual(parseStationState('"receiving"'), { state: "receiving" });
    for (const payload of ["null", "", "{}", "[]", '{"state":1}', '{"state":"dancing"}', "x".repeat(1_000_000)]) {
      assert.equal(parseStationState(payload), undefined);
    }
  });

  it("carry who is there and who calls whom", () => {
    assert.deepEqual(parseRoomJson('{"room":"Hall","ip":"192.0.2.9","id":"intercom_1"}', stationInfoSchema), {
      ...{ room: "Hall", ip: "192.0.2.9", id: "intercom_1" },
    });
    assert.equal(parseRoomJson('{"room":"Hall","ip":"somewhere","id":"intercom_1"}', stationInfoSchema), undefined);
    assert.equal(parseRoomJson("null", stationInfoSchema), undefined);
    assert.deepEqual(parseRoomJson('{"target":"Hall","caller":"Kitchen","timestamp":5}', roomCallSchema), {
      ...{ target: "Hall", caller: "Kitchen" },
    });
    assert.equal(parseRoomJson('{"target":"Hall"}', roomCallSchema), undefined);
  });

  it("carry numbers, switches and priorities as people's automations write them", () => {
    assert.deepEqual(["55", " 7 ", "-3", "101", "49.6", "", "loud", "NaN"].map(parsePercent), [
      ...[55, 7, 0, 100, 50, undefined, undefined, undefined],
    ]);
    assert.deepEqual(["ON", "off", "True", "0", "maybe", ""].map(parseSwitch), [
      ...[true, false, true, false, undefined, undefined],
    ]);
    assert.deepEqual(["Normal", "HIGH", "emergency", "3"].map(parsePriority), [0, 1, 2, undefined]);
    assert.deepEqual(["all", "All Rooms", "ALL ROOMS", "Hall", "all room"].map(isAllRooms), [
      ...[true, true, true, false, false],
    ]);
  });
});
