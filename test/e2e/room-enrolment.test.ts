import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { within } from "../within.ts";
import { startHubProcess } from "./hub-process.ts";
import { startStation, stationPrograms } from "./room-programs.ts";

const folder = mkdtempSync(join(tmpdir(), "doorward-enrol-"));
after(() => rmSync(folder, { recursive: true }));

const [, ours] = stationPrograms;

it("a station that asks the hub waits, is let in, and is a station from then on, also after a restart", async () => {
  const port = 15_861;
  const config = `room: { interfaces: [lo], port: ${port}, webPort: 0 }\nmqtt: { port: 0 }\n`;
  await using hub = await startHubProcess({ folder: join(folder, "hub"), config });
  const state = join(folder, "kitchen.json");
  const args = ["--name", "Kitchen", "--hub", hub.url, "--interface", "127.0.0.2", "--state", state];
  assert.ok(ours);
  {
    await using station = startStation(ours, args);
    await within("it waits", station.says(/intercom-[0-9a-f]{8} waits to be let in/));
    const { waiting } = (await (await hub.call("GET", "api/v1/arrivals")).json()) as {
      waiting: readonly { readonly id: string; readonly kind: string; readonly name?: string }[];
    };
    assert.deepEqual([waiting[0]?.kind, waiting.length], ["room", 1]);
    const approved = await hub.call("POST", `api/v1/arrivals/${waiting[0]?.id}`, { name: "Kitchen" });
    assert.equal(approved.status, 201);
    await within("it runs", station.says(/Kitchen is intercom_/));
    await within("it is at the broker", station.says(/the broker is there/));
  }
  await using again = startStation(ours, args);
  await within("it runs at once", again.says(/the broker is there/));
  const { token } = JSON.parse(readFileSync(state, "utf8")) as { readonly token: string };
  assert.match(token, /^dwd_/);
});
