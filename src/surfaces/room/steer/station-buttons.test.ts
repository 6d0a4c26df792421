import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brokers } from "../../../../test/mqtt-house.ts";
import { passUntil, steer, untilTrue } from "../../../../test/steered-rooms.ts";

const kitchen = "intercom_9a0b1c2d";

for (const { name, house } of brokers) {
  describe(`the button of a station, by ${name}`, () => {
    it("is shown, and set when the station says so, by who may have it speak there", async () => {
      await using steered = await steer(await house());
      const { publish, next, pass, home } = steered;
      const { rig } = home;
      const root = await rig.person({ name: "Root", administrator: true });
      const guest = await rig.person({ name: "Guest", grants: [{ scope: "*", rights: ["view", "talk"] }] });
      const path = "/api/v1/devices/intercom-9a0b1c2d/button";
      const set = (body: object) => rig.call("PATCH", path, { as: root, body });
      const live = () => rig.hub.devices.get("intercom-9a0b1c2d")?.state.phase === "live";
      const button = (as = root) =>
        rig.call("GET", "/api/v1/devices", { as }).then(({ json }) => {
          const devices = json["devices"] as readonly { readonly id: string; readonly button?: unknown }[];
          return devices.find(({ id }) => id === "intercom-9a0b1c2d")?.button;
        });
      await publish(`intercom/devices/${kitchen}/info`, `{"room":"Kitchen","ip":"127.0.0.1","id":"${kitchen}"}`, true);
      await publish(`intercom/${kitchen}/status`, "online", true);
      await untilTrue(() => rig.hub.reception.waiting().length === 1, pass);
      await rig.hub.reception.approve("intercom-9a0b1c2d", { legacy: true, by: "Root" });
      await untilTrue(live, pass);
      // A device that was just let in may be let in once more, by another word of the station.
      for (let n = 0; n < 10; n++) await pass(100);
      await untilTrue(live, pass);
      assert.deepEqual(
        [await button(), (await set({ target: "Yard" })).status],
        [undefined, 409],
        "it said nothing of it",
      );

      await publish(`intercom/${kitchen}/target`, "All Rooms", true);
      await untilTrue(() => rig.hub.devices.get("intercom-9a0b1c2d")?.info().button !== undefined, pass);
      const targets = ["All Rooms", "Garden", "Yard"];
      assert.deepEqual([await button(), await button(guest)], [{ target: "All Rooms", targets }, undefined]);
      assert.equal((await set({ target: "Nursery" })).json["code"], "no-target");
      assert.equal((await set({ priority: 1 })).json["code"], "no-priority");
      assert.equal((await set({})).status, 400);
      assert.equal((await rig.call("PATCH", path, { as: guest, body: { target: "Yard" } })).status, 404);

      await publish(`intercom/${kitchen}/priority`, "Normal", true);
      await untilTrue(() => rig.hub.devices.get("intercom-9a0b1c2d")?.info().button?.priority === 0, pass);
      // Of a station that stays as it is nobody is told that it did what it was asked for.
      let over = false;
      const asked = set({ target: "Yard", priority: 1 }).finally(() => {
        over = true;
      });
      for (const [what, payload] of [
        ["target", "Yard"],
        ["priority", "High"],
      ] as const) {
        await next(new RegExp(`^intercom/${kitchen}/${what}/set ${payload}$`));
        if (what === "target") {
          await publish(`intercom/${kitchen}/target`, "All Rooms", true);
          await publish(`intercom/${kitchen}/priority`, "Normal", true);
          for (let n = 0; n < 3; n++) await pass(10);
          assert.equal(over, false);
        }
        await publish(`intercom/${kitchen}/${what}`, payload, true);
      }
      const answer = await asked;
      assert.deepEqual(answer.json["button"], { target: "Yard", targets, priority: 1 });

      // Who administers this device alone has it speak to nobody to whom they could not speak themselves.
      const own = { scope: "device:intercom-9a0b1c2d", rights: ["view" as const, "administer" as const] };
      const keeper = await rig.person({ name: "Keeper", grants: [own] });
      const warden = await rig.person({ name: "Warden", grants: [own, { scope: "area:Garden", rights: ["talk"] }] });
      const setAs = (as: typeof keeper, body: object) => rig.call("PATCH", path, { as, body });
      assert.deepEqual(await button(keeper), { target: "Yard", targets: ["Yard"], priority: 1 });
      assert.equal((await setAs(keeper, { target: "Garden", priority: 0 })).json["code"], "no-target");
      assert.deepEqual(await button(warden), { target: "Yard", targets: ["Garden", "Yard"], priority: 1 });
      assert.equal((await setAs(warden, { target: "All Rooms", priority: 0 })).json["code"], "no-target");
      assert.equal((await setAs(warden, { priority: 2 })).status, 403);
      assert.equal((await setAs(warden, { target: "Garden" })).status, 403, "it would be as urgent as it is set");
      const calm = setAs(warden, { target: "Garden", priority: 0 });
      await next(new RegExp(`^intercom/${kitchen}/target/set Garden$`));
      await publish(`intercom/${kitchen}/target`, "Garden", true);
      await publish(`intercom/${kitchen}/priority`, "Normal", true);
      assert.deepEqual((await calm).json["button"], { target: "Garden", targets: ["Garden", "Yard"], priority: 0 });
      await publish(`intercom/${kitchen}/target`, "Yard", true);
      await publish(`intercom/${kitchen}/priority`, "High", true);
      await untilTrue(() => rig.hub.devices.get("intercom-9a0b1c2d")?.info().button?.priority === 1, pass);

      const silent = set({ target: "Garden" });
      const refused = await passUntil(steered, silent);
      assert.deepEqual([refused.status, refused.json["code"]], [503, "no-answer"]);
      assert.deepEqual(await button(), { target: "Yard", targets, priority: 1 });
    });
  });
}
