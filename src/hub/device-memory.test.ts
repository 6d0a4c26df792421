import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLog } from "../util/log.ts";
import { openDeviceMemory } from "./device-memory.ts";

function keeper() {
  const rows = new Map<string, unknown>();
  let writes = 0;
  const store = {
    load: (id: string) => rows.get(id),
    save: (id: string, value: unknown) => {
      writes++;
      rows.set(id, structuredClone(value));
    },
  };
  const open = (about = "rtsp rtsp://camera/") => openDeviceMemory({ deviceId: "front", about, store, log: silentLog });
  return { rows, store, open, writes: () => writes };
}

describe("what is learnt about a device", () => {
  it("is there again after a restart of the hub", () => {
    const { open } = keeper();
    open().set("rtsp", { protocol: "udp" });
    assert.deepEqual(open().get("rtsp"), { protocol: "udp" });
  });

  it("is forgotten when the device is another, or somewhere else", () => {
    const { open } = keeper();
    open().set("rtsp", { protocol: "udp" });
    assert.equal(open("rtsp rtsp://elsewhere/").get("rtsp"), undefined);
  });

  it("does not outlive a restart when it is a guess, and gives way to what is known", () => {
    const { open } = keeper();
    const memory = open();
    memory.set("dialect", "gwell", { lasting: false });
    assert.equal(memory.get("dialect"), "gwell");
    assert.equal(open().get("dialect"), undefined);
    memory.set("dialect", "classic");
    assert.deepEqual([memory.get("dialect"), open().get("dialect")], ["classic", "classic"]);
  });

  it("is written only when it changes", () => {
    const { open, writes } = keeper();
    const memory = open();
    for (let run = 0; run < 100; run++) memory.set("rtsp", { protocol: "tcp" });
    assert.equal(writes(), 1);
    memory.set("rtsp", undefined);
    assert.equal(open().get("rtsp"), undefined);
  });

  it("costs nothing but itself when the store fails or holds something else", () => {
    const { rows, open } = keeper();
    for (const odd of [null, 7, "x", {}, { about: "rtsp rtsp://camera/", values: 3 }]) {
      rows.set("front", odd);
      assert.equal(open().get("rtsp"), undefined);
    }
    const broken = () => {
      throw new Error("disk I/O error");
    };
    const store = { load: broken, save: broken };
    const memory = openDeviceMemory({ deviceId: "front", about: "x", store, log: silentLog });
    memory.set("rtsp", { protocol: "udp" });
    assert.deepEqual(memory.get("rtsp"), { protocol: "udp" });
  });
});
