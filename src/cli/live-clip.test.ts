import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { openLiveClip } from "./live-clip.ts";

/** A camera that plays ten pictures a second in groups of five; each picture holds the time that it shows. */
async function rig(wanted = () => true) {
  const clock = new ManualClock();
  let drawn = 0;
  const draw = async (startWallMs: number) => {
    drawn++;
    await clock.sleep(50);
    return Array.from({ length: 5 }, (_, at) => ({ data: new TextEncoder().encode(String(startWallMs + at * 100)) }));
  };
  const opening = openLiveClip(
    { draw, gopFrames: 5, frameMs: 100, wanted, clock, onError: assert.ifError },
    { make: (data) => Number(new TextDecoder().decode(data)) },
  );
  await clock.advance(50);
  const units = await opening;
  /** Plays as a fake does, from picture `from` on; gives how far each shown clock was from the time of day. */
  const play = async (from: number, count: number) => {
    const off: number[] = [];
    for (let n = from; n < from + count; n++) {
      off.push(Math.abs((units[n % units.length] ?? 0) - clock.wallMs()));
      await clock.advance(100);
    }
    return off;
  };
  return { clock, play, drawn: () => drawn };
}

describe("the pictures of the demo", () => {
  it("show the time at which they are played, minutes after they were begun", async () => {
    const { clock, play } = await rig();
    await clock.advance(8 * 60_000);
    await play(0, 5);
    const off = await play(5, 100);
    assert.ok(Math.max(...off) <= 100, `${Math.max(...off)} ms`);
  });

  it("show it again a group later when the camera went on elsewhere in its loop", async () => {
    const { play } = await rig();
    await play(0, 7);
    await play(10, 5);
    assert.ok(Math.max(...(await play(15, 40))) <= 100);
  });

  it("are not drawn for nobody", async () => {
    const { play, drawn } = await rig(() => false);
    await play(0, 50);
    assert.equal(drawn(), 1);
  });
});
