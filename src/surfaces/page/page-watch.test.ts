import assert from "node:assert/strict";
import { it } from "node:test";
import type { HubDevice } from "../../hub/api.ts";
import { PageWatch } from "./page-watch.ts";

const unprepared = { expect: () => {} };

it("a page that looks at devices wants them for as long, as a viewer does", () => {
  const wanted: string[] = [];
  const device = (id: string) =>
    ({
      id,
      track: () => undefined,
      demand: (by?: string) => {
        wanted.push(`${by} ${id}`);
        return { [Symbol.dispose]: () => wanted.splice(wanted.indexOf(`${by} ${id}`), 1) };
      },
    }) as unknown as HubDevice;
  const watch = new PageWatch({ get: (id) => (id === "gone" ? undefined : device(id)) }, unprepared);
  watch.set(["garden", "yard", "gone", "garden"]);
  assert.deepEqual(wanted, ["viewer garden", "viewer yard"]);
  watch.set(["yard"]);
  assert.deepEqual(wanted, ["viewer yard"]);
  watch.leave("yard");
  watch.set(["yard", "garden"]);
  watch[Symbol.dispose]();
  assert.deepEqual(wanted, []);
});

it("looks at a small picture alone, and at the device besides while that fails or where there is none", () => {
  const wanted = new Set<string>();
  let phase = "live";
  const listeners = new Set<() => void>();
  const demand = (name: string) => () => {
    wanted.add(name);
    return { [Symbol.dispose]: () => wanted.delete(name) };
  };
  const sub = {
    track: () => undefined,
    demand: demand("small"),
    get state() {
      return { phase, sinceMs: 0 };
    },
  };
  const device = (id: string) =>
    ({
      id,
      track: () => undefined,
      demand: demand(id),
      sub: id === "yard" ? sub : undefined,
      onChange: (listener: () => void) => {
        listeners.add(listener);
        return { [Symbol.dispose]: () => listeners.delete(listener) };
      },
    }) as unknown as HubDevice;
  const turn = (next: string) => {
    phase = next;
    for (const listener of listeners) listener();
    return [...wanted];
  };
  const watch = new PageWatch({ get: device }, unprepared);
  watch.set(["yard/sub"]);
  assert.deepEqual([...wanted], ["small"]);
  assert.deepEqual(turn("trouble"), ["small", "yard"]);
  assert.deepEqual(turn("connecting"), ["small", "yard"], "it is only tried again");
  assert.deepEqual(turn("live"), ["small"]);
  watch.leave("yard");
  assert.deepEqual([...wanted], []);
  watch.set(["hall/sub"]);
  assert.deepEqual([...wanted], ["hall"]);
  watch[Symbol.dispose]();
  assert.equal(wanted.size + listeners.size, 0);
});

it("has what converts made ready for the picture that is looked at, before the camera is asked for it", () => {
  const told: string[] = [];
  const camera = (name: string) => ({
    track: () => ({ format: { kind: "video", codec: name, parameterSets: [] } }),
    demand: () => {
      told.push(`demand ${name}`);
      return { [Symbol.dispose]: () => {} };
    },
    state: { phase: "idle", sinceMs: 0 },
    onChange: () => ({ [Symbol.dispose]: () => {} }),
  });
  const yard = { ...camera("mjpeg"), id: "yard", sub: camera("h264") } as unknown as HubDevice;
  const watch = new PageWatch({ get: () => yard }, { expect: ({ codec }) => told.push(`ready for ${codec}`) });
  watch.set(["yard"]);
  watch.set(["yard"]);
  watch.set(["yard/sub"]);
  assert.deepEqual(told, ["ready for mjpeg", "demand mjpeg", "ready for h264", "demand h264"]);
});
