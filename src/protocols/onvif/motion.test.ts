import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { onvifMessage } from "../../../test/peers/onvif-camera.ts";
import { ManualClock } from "../../util/clock.ts";
import { notificationsOf } from "./events.ts";
import { OnvifMotion } from "./motion.ts";
import { readEnvelope } from "./soap.ts";

const cell = "tns1:RuleEngine/CellMotionDetector/Motion";

/** What is told of motion while messages come, and time (ms) passes. */
async function told(topics: readonly string[], ...messages: readonly (string | number)[]) {
  const clock = new ManualClock();
  const changes: boolean[] = [];
  using motion = new OnvifMotion({ clock, topics, onChange: (active) => changes.push(active) });
  for (const message of messages) {
    if (typeof message === "number") await clock.advance(message);
    else {
      const text = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><e:PullMessagesResponse>${message}</e:PullMessagesResponse></s:Body></s:Envelope>`;
      for (const one of notificationsOf(readEnvelope(text))) motion.take(one);
    }
  }
  return changes;
}

describe("what of a camera's events is motion", () => {
  const cases: readonly (readonly [string, boolean])[] = [
    [cell, true],
    ["tns1:VideoSource/MotionAlarm", true],
    ["tns1:RuleEngine/MotionRegionDetector/Motion", true],
    ["tns1:VideoAnalytics/tnshik:MotionDetection", true],
    ["tns1:RuleEngine/MyRuleDetector/PeopleDetect", false],
    ["tns1:RuleEngine/MyRuleDetector/Visitor", false],
    ["tns1:RuleEngine/FieldDetector/ObjectsInside", false],
    ["tns1:RuleEngine/TamperDetector/Tamper", false],
    ["tns1:Device/Trigger/DigitalInput", false],
    ["tns1:RuleEngine/MotionRegionDetector/Count", false],
  ];
  for (const [topic, isMotion] of cases) {
    it(`${topic}: ${isMotion ? "it is" : "it is not"}`, async () => {
      assert.deepEqual(await told([], onvifMessage(topic, {})), isMotion ? [true] : []);
    });
  }

  it("are the topics that the settings name, too", async () => {
    const people = onvifMessage("tns1:RuleEngine/MyRuleDetector/PeopleDetect", {});
    assert.deepEqual(await told(["MyRuleDetector/PeopleDetect"], people), [true]);
  });
});

describe("motion of a camera", () => {
  const on = (of: object = {}) => onvifMessage(cell, { name: "IsMotion", ...of });
  const off = (of: object = {}) => on({ state: false, ...of });

  it("is known from how it stands when a subscription begins, and told when that changes", async () => {
    assert.deepEqual(await told([], off({ operation: "Initialized" }), on(), on(), off(), off()), [false, true, false]);
    assert.deepEqual(await told([], on({ operation: "Initialized" }), off()), [true, false]);
  });

  it("goes on as long as one detector sees some", async () => {
    const [first, second] = [{ source: "1" }, { source: "2" }];
    assert.deepEqual(await told([], on(first), on(second), off(first)), [true]);
    assert.deepEqual(await told([], on(first), on(second), off(first), off(second)), [true, false]);
    assert.deepEqual(await told([], on(first), on({ ...first, operation: "Deleted" })), [true, false]);
  });

  it("is over after a while when the camera does not tell its end, and after ten seconds of a pulse", async () => {
    assert.deepEqual(await told([], on(), 299_000, on(), 299_000), [true]);
    assert.deepEqual(await told([], on(), 300_000), [true, false]);
    const pulse = on({ state: "front yard" });
    assert.deepEqual(await told([], pulse, 9000, pulse, 9000), [true]);
    assert.deepEqual(await told([], pulse, 10_000), [true, false]);
    assert.deepEqual(await told([], on({ state: "front yard", operation: "Initialized" })), [false]);
  });

  it("keeps no more of a camera with ever new detectors than it needs", async () => {
    const flood = Array.from({ length: 1000 }, (_, at) => on({ source: `s${at}` }));
    assert.deepEqual(await told([], ...flood, 300_000), [true, false]);
  });
});
