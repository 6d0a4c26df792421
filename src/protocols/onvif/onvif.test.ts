import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { onvifMessage } from "../../../test/peers/onvif-camera.ts";
import { ManualClock } from "../../util/clock.ts";
import { DoorwardError } from "../../util/errors.ts";
import { OnvifBell } from "./bell.ts";
import { notificationsOf, pullPointOf } from "./events.ts";
import { readEnvelope, writeEnvelope } from "./soap.ts";

const envelope = (body: string) =>
  `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>${body}</s:Body></s:Envelope>`;
const pulled = (...messages: readonly string[]) =>
  notificationsOf(readEnvelope(envelope(`<e:PullMessagesResponse>${messages.join("")}</e:PullMessagesResponse>`)));

/** Which of some messages, told one after another, are a press. */
async function presses(
  rules: ConstructorParameters<typeof OnvifBell>[0]["rules"],
  ...messages: readonly (string | number)[]
) {
  const clock = new ManualClock();
  const bell = new OnvifBell({ clock, rules });
  const found: boolean[] = [];
  for (const message of messages) {
    if (typeof message === "number") await clock.advance(message);
    else found.push(...pulled(message).map((one) => bell.pressed(one)));
  }
  return found;
}

describe("what of a camera's events is its bell", () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ["tns1:RuleEngine/MyRuleDetector/Visitor", true],
    ["tns1:Device/Trigger/DigitalInput", true],
    ["tns1:Device/Trigger/tnshik:AlarmIn", true],
    ["tns1:Device/tns1:Trigger/tns1:DigitalInput", true],
    ["tnsacme:Doorbell/Ring", true],
    ["tns1:RuleEngine/CellMotionDetector/Motion", false],
    ["tns1:RuleEngine/MotionRegionDetector/Motion", false],
    ["tns1:VideoSource/MotionAlarm", false],
    ["tns1:RuleEngine/MyRuleDetector/PeopleDetect", false],
    ["tns1:RuleEngine/MyRuleDetector/FaceDetect", false],
    ["tns1:AudioAnalytics/Audio/DetectedSound", false],
    ["tns1:Device/Trigger/Relay", false],
    ["tns1:RuleEngine/LineDetector/Crossed", false],
    ["tns1:UserAlarm/IVA/HumanShapeDetect", false],
    ["tns1:RuleEngine/MyRuleDetector/Package", false],
    ["tns1:RuleEngine/CellMotionDetector/People", false],
    ["tns1:RuleEngine/TPSmartEventDetector/TPSmartEvent", false],
    ["tns1:RuleEngine/VisitorCounter/Count", false],
  ];
  for (const [topic, isPress] of cases) {
    it(`${topic}: ${isPress ? "a press" : "none"}`, async () => {
      assert.deepEqual(await presses({}, onvifMessage(topic, {})), [isPress]);
    });
  }

  it("is told once from on to off, however often that is repeated, and again when it was never told to be over", async () => {
    const [on, off] = [onvifMessage("a/Visitor", {}), onvifMessage("a/Visitor", { state: false })];
    assert.deepEqual(await presses({}, on, on, on, off, on), [true, false, false, false, true]);
    assert.deepEqual(await presses({}, on, 5000, on, 9000, on, 30_000, on), [true, false, false, true]);
    assert.deepEqual(await presses({}, off, onvifMessage("a/Visitor", { operation: "Deleted" })), [false, false]);
  });

  it("is not how things stand when a subscription begins", async () => {
    const stands = onvifMessage("a/Visitor", { operation: "Initialized" });
    const off = onvifMessage("a/Visitor", { state: false });
    assert.deepEqual(await presses({}, stands, off, onvifMessage("a/Visitor", {})), [false, false, true]);
  });
});

describe("SOAP of cameras", () => {
  it("is signed so that the password stands nowhere in it, and says what is wrong with it", () => {
    const written = writeEnvelope(
      { action: "urn:a", body: "<x/>", to: "http://camera/?a=1&b=2" },
      { credentials: { username: "a<b", password: "secret" }, atMs: 0, nonce: Buffer.alloc(16) },
    );
    assert.ok(!written.includes("secret"));
    // sha1 of sixteen zero bytes, "1970-01-01T00:00:00Z" and the password
    assert.match(written, /#PasswordDigest">lZwGYq7pRXW3FiIhvwd\+pE4LQdU=|#PasswordDigest">[\w+/]{27}=/);
    assert.match(written, /<w:Username>a&#60;b</);
    const fault = (code: string) =>
      envelope(
        `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>${code}</s:Value></s:Subcode></s:Code><s:Reason><s:Text>No</s:Text></s:Reason></s:Fault>`,
      );
    assert.throws(() => readEnvelope(fault("ter:NotAuthorized")), { code: "wrong-password" });
    assert.throws(() => readEnvelope(fault("ter:InvalidArgVal")), { code: "fault", message: "the camera says: No" });
  });

  it("that is hostile is refused in a moment, or read as far as it makes sense", () => {
    const hostile = [
      '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><x>&a;</x>',
      "<a>".repeat(100_000),
      "",
      "{}",
      "<s:Envelope>",
      envelope("<e:PullMessagesResponse/>"),
      envelope(
        "<e:PullMessagesResponse><n:NotificationMessage><__proto__/></n:NotificationMessage></e:PullMessagesResponse>",
      ),
      "<".repeat(100_000),
    ];
    for (const text of hostile) {
      try {
        assert.deepEqual(notificationsOf(readEnvelope(text)), []);
      } catch (error) {
        assert.ok(error instanceof DoorwardError, String(error));
      }
    }
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("<", ">", "/", "s:Envelope", "s:Body", "a", '"', " ", "&", "=") }),
        (text) => {
          try {
            readEnvelope(text);
            pullPointOf(text);
          } catch (error) {
            assert.ok(error instanceof DoorwardError, String(error));
          }
        },
      ),
    );
  });
});
