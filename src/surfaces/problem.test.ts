import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { everything, offerSdp, startRig } from "../../test/web-rig.ts";
import { callsConfig } from "../hub/calls-config.ts";
import { floorConfig } from "../hub/floor-config.ts";
import { transcodeConfig } from "../hub/transcode-config.ts";
import { FatalError, RecoverableError } from "../util/errors.ts";
import { Problem, retryAfterOf, toProblem } from "./problem.ts";

describe("a problem", () => {
  it("brings the values of its sentence beside it", () => {
    const fields = { device: "front", name: "Front door", seconds: 10 };
    const thrown = new RecoverableError("no picture from Front door within 10 s", { code: "no-media", fields });
    const problem = toProblem(thrown);
    assert.equal(problem.code, "no-media");
    assert.equal(problem.detail, thrown.message);
    assert.deepEqual(problem.fields, fields);
    const held = new Problem(409, { code: "refused", detail: "Anna is speaking.", fields: { holder: "Anna" } });
    assert.deepEqual(toProblem(held).fields, { holder: "Anna" });
  });

  it("keeps what else an error holds in the hub, and has no fields where there are no values", () => {
    const inside = {
      location: "rtsp://user:secret@10.0.0.9/",
      host: "10.0.0.9",
      status: 401,
      name: 7,
      device: "front",
    };
    assert.deepEqual(toProblem(new FatalError("refused", { fields: inside })).fields, { device: "front" });
    assert.ok(!("fields" in toProblem(new FatalError("refused", { fields: { host: "10.0.0.9" } }))));
    assert.ok(!("fields" in toProblem(new TypeError("a fault"))));
    assert.ok(
      !("fields" in toProblem(new FatalError("not for you", { code: "forbidden", fields: { device: "front" } }))),
    );
  });

  it("says when to try again in its fields as in the header", () => {
    const busy = new Problem(429, { code: "busy", detail: "Try again in 7 s.", fields: { retryAfterSeconds: 7 } });
    assert.equal(retryAfterOf(busy), 7);
    assert.deepEqual(toProblem(busy).fields, { retryAfterSeconds: 7 });
  });

  it("names the field of a request that is wrong, how it is, and its bound", () => {
    const schema = z.object({ name: z.string().max(3), volume: z.number().max(4) });
    const { error } = schema.safeParse({ name: "long", volume: "loud" });
    const problem = toProblem(error);
    assert.deepEqual(problem.fields, { field: "name" });
    const errors = problem["errors"] as readonly Record<string, unknown>[];
    assert.deepEqual(
      errors.map(({ field, code, limit }) => ({ field, code, limit })),
      [
        { field: "name", code: "too_big", limit: 3 },
        { field: "volume", code: "invalid_type", limit: undefined },
      ],
    );
  });
});

describe("the API's problems", () => {
  it("name the device, the person and the limit that they are about", async () => {
    await using rig = await startRig({ front: "fake://x/?video&h265" });
    const root = await rig.person({ name: "Root", administrator: true });
    const fieldsOf = async (method: string, path: string, body?: unknown) => {
      const { json } = await rig.call(method, path, { as: root, body });
      return json["fields"];
    };
    assert.deepEqual(await fieldsOf("POST", "/api/v1/users", { name: "root", administrator: false, grants: [] }), {
      name: "root",
    });
    assert.deepEqual(await fieldsOf("POST", "/api/v1/arrivals/nobody", {}), { device: "nobody" });
    for (let n = 0; n < 50; n++) {
      await rig.call("POST", "/api/v1/tokens", { as: root, body: { name: `t${n}`, grants: everything } });
    }
    assert.deepEqual(await fieldsOf("POST", "/api/v1/tokens", { name: "one more", grants: everything }), {
      limit: 50,
    });
    assert.deepEqual(await fieldsOf("POST", "/api/v1/say", { to: ["device:front"], text: "" }), { field: "text" });
    const rules = { floor: floorConfig.parse({}), calls: callsConfig.parse({}), groups: {}, house: {} };
    rig.hub.follow({ ...rules, transcode: transcodeConfig.parse({ max: 0 }) });
    const sdp = { as: root, headers: { "content-type": "application/sdp" }, body: offerSdp };
    const { json } = await rig.call("POST", "/whep/front", sdp);
    assert.deepEqual(json["fields"], { codec: "h265", why: "codec", reason: "off", limit: 0 });
    const openapi = JSON.stringify((await rig.call("GET", "/api/v1/openapi.json", { as: root })).json);
    assert.match(openapi, /retryAfterSeconds/);
  });
});
