import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "../../../test/contracts/rig.ts";
import { OnvifCamera, type OnvifCameraOptions, onvifMessage } from "../../../test/peers/onvif-camera.ts";
import { startRig } from "../../../test/web-rig.ts";
import { ManualClock } from "../../util/clock.ts";

const visitor = "tns1:RuleEngine/MyRuleDetector/Visitor";
const input = "tns1:Device/Trigger/DigitalInput";

/** A hub with one camera, whose bell is told by ONVIF. */
async function house(options: OnvifCameraOptions = {}, rules: object = {}, clock?: ManualClock) {
  await using opened = new AsyncDisposableStack();
  const camera = opened.use(await OnvifCamera.start(options));
  camera.initial = [
    onvifMessage(visitor, { operation: "Initialized", state: true }),
    onvifMessage(input, { operation: "Initialized", state: false, name: "LogicalState" }),
  ];
  const rig = opened.use(await startRig({ yard: "fake://127.0.0.1/?video" }, clock && { clock }));
  const rung: string[] = [];
  rig.hub.calls.onChange(({ call, change }) => rung.push(`${change} ${call.from.name}`));
  const { username, password } = options;
  await rig.hub.devices.update("yard", {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    bell: { onvif: { url: camera.url, ...rules } },
  });
  const owned = opened.move();
  const settled = async () => {
    const before = camera.asked.filter((action) => action === "PullMessages").length;
    await eventually(() => camera.asked.filter((action) => action === "PullMessages").length > before);
  };
  const rings = () => rung.filter((one) => one.startsWith("ringing"));
  return { rig, camera, rung, rings, settled, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const answered = (asked: readonly string[], action: string) => asked.filter((one) => one === action).length;

describe("a camera's bell by ONVIF events", () => {
  it("is a call, once for a press and for all within three seconds; how it stands at first, and motion, are none", async () => {
    await using hub = await house();
    await eventually(() => answered(hub.camera.asked, "PullMessages") > 1);
    assert.deepEqual(hub.rung, []);
    hub.camera.tell(
      onvifMessage("tns1:RuleEngine/CellMotionDetector/Motion", { name: "IsMotion" }),
      onvifMessage("tns1:VideoSource/MotionAlarm", {}),
      onvifMessage("tns1:RuleEngine/MyRuleDetector/PeopleDetect", {}),
      onvifMessage(visitor, { state: false }),
    );
    await hub.settled();
    assert.deepEqual(hub.rung, []);
    const press = [onvifMessage(visitor, {}), onvifMessage(visitor, { state: false })];
    hub.camera.tell(...press, ...press);
    await eventually(() => hub.rings().length > 0);
    hub.camera.tell(...press);
    await hub.settled();
    assert.deepEqual(hub.rings(), ["ringing yard"]);
  });

  it("rings by the inputs and topics that the settings name, and by no others", async () => {
    await using hub = await house({}, { inputs: ["2"], topics: ["tns1:RuleEngine/MyRule/Ding"] });
    await eventually(() => answered(hub.camera.asked, "PullMessages") > 1);
    hub.camera.tell(onvifMessage(input, { source: "1", name: "LogicalState" }));
    await hub.settled();
    assert.deepEqual(hub.rung, []);
    hub.camera.tell(onvifMessage(input, { source: "2", name: "LogicalState" }));
    await eventually(() => hub.rings().length === 1);
    const [first] = hub.rig.hub.calls.list();
    hub.rig.hub.calls.end(first?.id ?? "", undefined);
    await hub.rig.hub.devices.update("yard", { bell: { onvif: { url: hub.camera.url, inputs: [] } } });
    await eventually(() => hub.camera.subscriptions === 2);
    hub.camera.tell(onvifMessage(input, { source: "2", name: "LogicalState", state: false }));
    await hub.settled();
    hub.camera.tell(onvifMessage(input, { source: "2", name: "LogicalState" }));
    await hub.settled();
    assert.equal(hub.rings().length, 1);
  });

  for (const [what, how] of [
    ["a clock of its own", { aheadMs: -86_400_000 }],
    ["Digest of HTTP", { httpDigest: true }],
    ["an address that leads nowhere from here", { wrongHost: true }],
  ] as const) {
    it(`is heard from a camera with a password and ${what}`, async () => {
      await using hub = await house({ username: "viewer", password: "p&ss", ...how });
      await eventually(() => answered(hub.camera.asked, "PullMessages") > 1);
      hub.camera.tell(onvifMessage(visitor, { state: false }), onvifMessage(visitor, {}));
      await eventually(() => hub.rings().length === 1);
    });
  }

  it("is heard again after the camera forgot the subscription, without ringing for how it stands", async () => {
    await using hub = await house();
    await eventually(() => answered(hub.camera.asked, "PullMessages") > 1);
    hub.camera.forget();
    await eventually(() => hub.camera.subscriptions === 2);
    hub.camera.tell(onvifMessage("tns1:VideoSource/MotionAlarm", {}));
    await hub.settled();
    assert.deepEqual(hub.rung, []);
    hub.camera.tell(onvifMessage(visitor, { state: false }), onvifMessage(visitor, {}));
    await eventually(() => hub.rings().length === 1);
  });

  it("is heard on and on, also from a camera that knows no Renew", async () => {
    for (const noRenew of [false, true]) {
      const clock = new ManualClock();
      await using hub = await house({ noRenew }, {}, clock);
      await eventually(() => answered(hub.camera.asked, "PullMessages") > 1);
      for (let s = 0; s < 130; s += 15) {
        await clock.advance(15_000);
        hub.camera.tell(onvifMessage("tns1:VideoSource/MotionAlarm", {}));
        await hub.settled();
      }
      assert.ok(answered(hub.camera.asked, "Renew") >= 2);
      assert.equal(hub.camera.subscriptions > 2, noRenew);
      assert.deepEqual(hub.rung, []);
      hub.camera.tell(onvifMessage(visitor, { state: false }), onvifMessage(visitor, {}));
      await eventually(() => hub.rings().length === 1);
    }
  });

  it("is let go of when the device is switched off or the setting taken away, and nothing is asked any more", async () => {
    await using hub = await house();
    await eventually(() => answered(hub.camera.asked, "PullMessages") > 1);
    await hub.rig.hub.devices.update("yard", { enabled: false });
    await eventually(() => answered(hub.camera.asked, "Unsubscribe") === 1);
    const asked = hub.camera.asked.length;
    await hub.rig.hub.devices.update("yard", { volume: 0.5 });
    assert.equal(hub.camera.asked.length, asked);
  });
});

describe("motion of a camera by ONVIF events", () => {
  it("is unknown until the camera tells, then told as it changes, and unknown when it is not heard any more", async () => {
    await using hub = await house();
    const { rig, camera } = hub;
    await eventually(() => answered(camera.asked, "PullMessages") > 1);
    const events: unknown[] = [];
    rig.hub.onDeviceEvent(({ id, event }) => events.push([id, event]));
    const motion = () => rig.hub.devices.get("yard")?.info().motion;
    assert.equal(motion(), undefined);
    camera.moves(true);
    await eventually(() => motion()?.active === true);
    camera.moves(true);
    camera.moves(false);
    await eventually(() => motion()?.active === false);
    assert.deepEqual(events, [
      ["yard", { type: "motion", active: true }],
      ["yard", { type: "motion", active: false }],
    ]);
    camera.forget();
    await eventually(() => motion() === undefined);
    await eventually(() => camera.subscriptions === 2);
    camera.moves(true);
    await eventually(() => motion()?.active === true);
    await rig.hub.devices.update("yard", { enabled: false });
    await eventually(() => motion() === undefined);
    assert.deepEqual(hub.rung, []);
  });

  it("is told of a camera without a bell by `motion`, with the topics that it names, to whoever may see it", async () => {
    await using hub = await house();
    const { rig, camera } = hub;
    await eventually(() => answered(camera.asked, "PullMessages") > 1);
    const topics = ["MyRuleDetector/PeopleDetect"];
    // Not the same address as the bell's: the camera is subscribed to anew.
    const update = { bell: null, motion: { onvif: { url: `${camera.url}?motion`, topics } } };
    const root = await rig.person({ name: "Root", administrator: true });
    assert.equal((await rig.call("PATCH", "/api/v1/devices/yard", { as: root, body: update })).status, 200);
    await eventually(() => camera.subscriptions === 2 && answered(camera.asked, "PullMessages") > 2);
    camera.tell(onvifMessage(visitor, {}), onvifMessage(`tns1:RuleEngine/${topics[0]}`, {}));
    await eventually(() => rig.hub.devices.get("yard")?.info().motion?.active === true);
    assert.deepEqual(hub.rung, []);
    const seer = await rig.person({ name: "Seer", grants: [{ scope: "*", rights: ["view"] }] });
    const { json } = await rig.call("GET", "/api/v1/devices", { as: seer });
    const [yard] = json["devices"] as readonly { readonly motion?: { readonly active: boolean } }[];
    assert.equal(yard?.motion?.active, true);
  });
});
