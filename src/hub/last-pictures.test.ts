import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { Sealer } from "../identity/seal.ts";
import type { VideoFormat } from "../media/format.ts";
import { Track } from "../media/track.ts";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import type { DevicesEvent, HubDevice } from "./api.ts";
import { LastPictures } from "./last-pictures.ts";
import type { DevicePhase } from "./state.ts";

const h264: VideoFormat = { kind: "video", codec: "h264", parameterSets: [] };

/** A house of one camera, a converter that writes down what it was given, and a store that outlives a hub. */
function house(stored = new Map<string, unknown>(), key = randomBytes(32)) {
  const clock = new ManualClock();
  const listeners = new Set<(event: DevicesEvent) => void>();
  const made: number[] = [];
  const changed: string[] = [];
  const camera = {
    id: "yard",
    phase: "idle" as DevicePhase,
    enabled: true,
    address: "rtsp://10.0.0.5/1",
    main: new Track(h264, { id: "yard/main/video", clock }),
    sub: new Track(h264, { id: "yard/sub/video", clock }),
  };
  const device = {
    id: "yard",
    get state() {
      return { phase: camera.phase, sinceMs: 0 };
    },
    get settings() {
      return { enabled: camera.enabled, preview: false };
    },
    info: () => ({ kind: "rtsp", address: camera.address }),
    track: () => camera.main,
    sub: { track: () => camera.sub },
  } as unknown as HubDevice;
  const pictures = new LastPictures({
    devices: {
      get: (id) => (id === "yard" ? device : undefined),
      list: () => [device],
      onChange: (listener) => {
        listeners.add(listener);
        return { [Symbol.dispose]: () => listeners.delete(listener) };
      },
    },
    converter: {
      snapshot: async (track) => {
        const bytes = track.lastKeyFrame?.data ?? Uint8Array.of();
        made.push(bytes[0] ?? -1);
        return Uint8Array.of(0xff, 0xd8, ...bytes);
      },
    },
    store: {
      ids: () => [...stored.keys()],
      load: (id) => stored.get(id),
      save: (id, value) => (value === undefined ? stored.delete(id) : stored.set(id, structuredClone(value))),
    },
    sealer: new Sealer(key),
    clock,
    log: silentLog,
  });
  pictures.onChange((id) => changed.push(id));
  const tell = async (type: DevicesEvent["type"] = "device") => {
    for (const listener of listeners) listener({ type, id: "yard" });
    await clock.advance(0);
    await clock.advance(0);
  };
  return {
    ...{ clock, camera, pictures, made, changed, stored, key, tell },
    /** The camera shows picture `n` and then does something else. */
    shows: async (n: number, { ends = "idle" as DevicePhase, track = camera.main } = {}) => {
      camera.phase = "live";
      await tell();
      track.write({ data: Uint8Array.of(n), timestampUs: clock.nowUs(), key: true });
      // The connection ends before the device is said to be at rest.
      track.interrupt();
      camera.phase = ends;
      await tell();
    },
  };
}

describe("the last picture of a camera", () => {
  it("is kept when its picture ends, with its age, and told", async () => {
    const { shows, pictures, clock, changed } = house();
    assert.deepEqual(pictures.info("yard"), {});
    await shows(7);
    const takenMs = clock.wallMs();
    await clock.advance(60_000);
    assert.deepEqual(pictures.info("yard"), { lastPicture: { takenMs } });
    assert.deepEqual([...(pictures.of("yard")?.jpeg ?? [])], [0xff, 0xd8, 7]);
    assert.deepEqual(changed, ["yard"]);
  });

  it("is the newest one, of the large picture or of the small one, and no key frame is held for it", async () => {
    const { shows, pictures, clock, camera } = house();
    await shows(1);
    await clock.advance(30_000);
    await shows(2, { track: camera.sub, ends: "trouble" });
    assert.equal(pictures.of("yard")?.jpeg.at(-1), 2);
    assert.equal(camera.main.lastPicture, undefined);
    assert.equal(camera.sub.lastPicture, undefined);
  });

  it("is not made each time of a camera that comes and goes", async () => {
    const { shows, clock, made } = house();
    for (const n of [1, 2, 3]) {
      await shows(n, { ends: "trouble" });
      await clock.advance(1000);
    }
    assert.deepEqual(made, [1]);
  });

  it("is forgotten when the camera is switched off, set up differently or removed", async () => {
    const { shows, pictures, camera, tell, clock } = house();
    await shows(1);
    camera.enabled = false;
    await tell();
    assert.equal(pictures.of("yard"), undefined);
    camera.enabled = true;
    await clock.advance(60_000);
    await shows(2);
    await tell("removed");
    assert.equal(pictures.of("yard"), undefined);
  });

  it("is not made of a camera that was switched off while its picture ended", async () => {
    const { shows, camera, pictures, made } = house();
    camera.enabled = false;
    await shows(1, { ends: "disabled" });
    assert.deepEqual([made, pictures.of("yard")], [[], undefined]);
  });

  it("is written nowhere unless that is asked for", async () => {
    const { shows, stored, pictures } = house();
    await shows(1);
    assert.equal(stored.size, 0);
    pictures.follow({ keep: "off" });
    assert.equal(pictures.of("yard"), undefined);
  });

  it("outlasts the hub, sealed, where that is asked for", async () => {
    const before = house();
    before.pictures.follow({ keep: "disk" });
    await before.shows(9);
    assert.ok(!JSON.stringify([...before.stored]).includes(Buffer.from([0xff, 0xd8, 9]).toString("base64")));
    const takenMs = before.clock.wallMs();
    const after = house(before.stored, before.key);
    after.pictures.follow({ keep: "disk" });
    assert.deepEqual(after.pictures.info("yard"), { lastPicture: { takenMs } });
    assert.equal(after.pictures.of("yard")?.jpeg.at(-1), 9);
    after.pictures.follow({ keep: "memory" });
    assert.equal(after.stored.size, 0);
  });

  it("is not shown of another camera, one that is switched off, or by another key", async () => {
    for (const change of ["address", "enabled", "key"]) {
      const before = house();
      before.pictures.follow({ keep: "disk" });
      await before.shows(9);
      const after = house(before.stored, change === "key" ? randomBytes(32) : before.key);
      if (change === "address") after.camera.address = "rtsp://10.0.0.6/1";
      if (change === "enabled") after.camera.enabled = false;
      after.pictures.follow({ keep: "disk" });
      assert.equal(after.pictures.of("yard"), undefined, change);
    }
  });

  it("of a camera that never rests is written down now and then, where it outlasts the hub", async () => {
    const { pictures, camera, tell, clock, stored, made } = house();
    pictures.follow({ keep: "disk" });
    camera.phase = "live";
    await tell();
    camera.main.write({ data: Uint8Array.of(4), timestampUs: clock.nowUs(), key: true });
    await clock.advance(11 * 60_000);
    assert.deepEqual([made, stored.size], [[4], 1]);
    assert.ok(camera.main.lastPicture, "it begins what is kept for viewers");
  });

  it("leaves nothing on the disk when it is set to off, or to memory, while the hub is down", async () => {
    for (const keep of ["off", "memory"] as const) {
      const before = house();
      before.pictures.follow({ keep: "disk" });
      await before.shows(9);
      const after = house(before.stored, before.key);
      after.pictures.follow({ keep });
      assert.deepEqual([after.stored.size, after.pictures.of("yard")], [0, undefined], keep);
    }
  });

  it("leaves nothing on the disk when the camera was switched off while the hub was down", async () => {
    const before = house();
    before.pictures.follow({ keep: "disk" });
    await before.shows(9);
    const after = house(before.stored, before.key);
    after.camera.enabled = false;
    await after.tell(); // A hub makes its devices before it follows the rest of the file.
    after.pictures.follow({ keep: "disk" });
    assert.equal(after.stored.size, 0);
    const enabledAgain = house(after.stored, before.key);
    enabledAgain.pictures.follow({ keep: "disk" });
    assert.equal(enabledAgain.pictures.of("yard"), undefined);
  });

  it("leaves nothing on the disk of a camera that was taken away while the hub was down", async () => {
    for (const keep of ["disk", "memory", "off"] as const) {
      const before = house();
      before.pictures.follow({ keep: "disk" });
      await before.shows(9);
      before.stored.set("gate", before.stored.get("yard"));
      const after = house(before.stored, before.key);
      after.pictures.follow({ keep });
      assert.deepEqual([...after.stored.keys()], keep === "disk" ? ["yard"] : [], keep);
    }
  });

  it("is written down when that is asked for later", async () => {
    const before = house();
    await before.shows(9);
    before.pictures.follow({ keep: "disk" });
    const after = house(before.stored, before.key);
    after.pictures.follow({ keep: "disk" });
    assert.equal(after.pictures.of("yard")?.jpeg.at(-1), 9);
  });

  it("costs no key frame where none is kept, nor of a camera that is switched off", async () => {
    const off = house();
    off.pictures.follow({ keep: "off" });
    await off.shows(1);
    assert.equal(off.camera.main.lastPicture, undefined);

    const turned = house();
    await turned.shows(1, { ends: "live" });
    turned.pictures.follow({ keep: "off" });
    await turned.shows(2);
    assert.equal(turned.camera.main.lastPicture, undefined);

    const disabled = house();
    disabled.camera.enabled = false;
    await disabled.shows(1, { ends: "disabled" });
    assert.equal(disabled.camera.main.lastPicture, undefined);
  });
});
