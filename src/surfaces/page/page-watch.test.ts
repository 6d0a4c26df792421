import assert from "node:assert/strict";
import { it } from "node:test";
import type { HubDevice } from "../../hub/api.ts";
import { PageWatch } from "./page-watch.ts";

it("a page that looks at devices wants them for as long, as a viewer does", () => {
  const wanted: string[] = [];
  const device = (id: string) =>
    ({
      demand: (by?: string) => {
        wanted.push(`${by} ${id}`);
        return { [Symbol.dispose]: () => wanted.splice(wanted.indexOf(`${by} ${id}`), 1) };
      },
    }) as unknown as HubDevice;
  const watch = new PageWatch({ get: (id) => (id === "gone" ? undefined : device(id)) });
  watch.set(["garden", "yard", "gone", "garden"]);
  assert.deepEqual(wanted, ["viewer garden", "viewer yard"]);
  watch.set(["yard"]);
  assert.deepEqual(wanted, ["viewer yard"]);
  watch.leave("yard");
  watch.set(["yard", "garden"]);
  watch[Symbol.dispose]();
  assert.deepEqual(wanted, []);
});
