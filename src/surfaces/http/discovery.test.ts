import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startRig } from "../../../test/web-rig.ts";
import type { findDevices } from "../../finding/find.ts";
import type { SearchAnswer } from "./routes/discovery.ts";

/** A search that the test conducts. */
function scripted() {
  const searches: { readonly options: Parameters<typeof findDevices>[0]; end(): void }[] = [];
  const find: typeof findDevices = (options) => {
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof findDevices>>>();
    const list: Awaited<ReturnType<typeof findDevices>>[number][] = [];
    options.signal.addEventListener("abort", () => reject(options.signal.reason));
    const onFound = (device: (typeof list)[number]) => {
      list.push(device);
      options.onFound?.(device);
    };
    searches.push({ options: { ...options, onFound }, end: () => resolve(list) });
    return promise;
  };
  return { find, searches };
}

describe("finding devices", () => {
  it("is begun by an administrator, tells what it found while it goes on, and what is added already", async () => {
    const { find, searches } = scripted();
    await using rig = await startRig({ yard: "fake://192.168.1.20/" }, { find });
    const root = await rig.person({ name: "Root", administrator: true });
    const ask = async (method: "GET" | "POST") =>
      (await rig.call(method, "/api/v1/discovery", { as: root })).json as unknown as SearchAnswer;
    assert.deepEqual((await ask("GET")).running, false);
    assert.equal((await ask("POST")).running, true);
    await ask("POST");
    assert.equal(searches.length, 1, "one search at a time");
    const [search] = searches;
    search?.options.onFound?.({ host: "192.168.1.20", by: ["onvif"], maker: "Hikvision" });
    search?.options.onFound?.({ host: "192.168.1.30", by: ["port"], rtspPort: 554 });
    search?.options.onProgress?.(0.5);
    const half = await ask("GET");
    assert.equal(half.done, 0.5);
    assert.deepEqual(
      half.found.map(({ host, device }) => [host, device]),
      [
        ["192.168.1.20", "yard"],
        ["192.168.1.30", undefined],
      ],
    );
    search?.end();
    await new Promise(setImmediate);
    const over = await ask("GET");
    assert.deepEqual([over.running, over.done, over.found.length], [false, 1, 2]);
  });

  it("is ended when that is asked for, and then it may begin anew", async () => {
    const { find, searches } = scripted();
    await using rig = await startRig({}, { find });
    const root = await rig.person({ name: "Root", administrator: true });
    await rig.call("POST", "/api/v1/discovery", { as: root });
    assert.equal((await rig.call("DELETE", "/api/v1/discovery", { as: root })).status, 204);
    assert.equal(searches[0]?.options.signal.aborted, true);
    await new Promise(setImmediate);
    await rig.call("POST", "/api/v1/discovery", { as: root });
    assert.equal(searches.length, 2);
  });

  it("looks for pictures at no address that is not a house's", async () => {
    await using rig = await startRig();
    const root = await rig.person({ name: "Root", administrator: true });
    for (const body of [
      { host: "203.0.113.9" },
      { host: "127.0.0.1" },
      { host: "192.168.1.20", onvif: "http://203.0.113.9/" },
    ]) {
      const answer = await rig.call("POST", "/api/v1/discovery/streams", { as: root, body });
      assert.equal(answer.status, 422, JSON.stringify(body));
      assert.equal(answer.json.code, "not-private");
    }
  });
});
