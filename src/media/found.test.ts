import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { type AudioFormat, pcmFormat } from "./format.ts";
import { findSound } from "./found.ts";
import type { Frame } from "./frame.ts";
import type { RecordedSpeech } from "./speech.ts";

const format = pcmFormat(8000);
const block = (n: number): Frame => ({ timestampUs: n * 20_000, data: Uint8Array.of(n), key: true });

/** A recording whose blocks come when `next` says so; it counts what is open. */
function recording(next: (n: number, signal: AbortSignal) => Promise<Frame | undefined>) {
  const opened: AudioFormat[] = [];
  let open = 0;
  const source: RecordedSpeech = {
    live: false,
    open: async (output, { signal }) => {
      opened.push(output);
      open++;
      const frames = async function* () {
        for (let n = 0; ; n++) {
          const frame = await next(n, signal);
          if (!frame) return;
          yield frame;
        }
      };
      return { frames: frames(), [Symbol.asyncDispose]: async () => void open-- };
    },
  };
  return { source, opened, open: () => open };
}

function find(source: RecordedSpeech, options: { readonly clock?: ManualClock; readonly signal?: AbortSignal } = {}) {
  const { clock = new ManualClock(), signal = new AbortController().signal } = options;
  return findSound(source, { format, gain: 1, clock, timeoutMs: 8000, signal });
}

/** What trickles: nothing comes until it is let go of. */
const never = (_: number, signal: AbortSignal) =>
  new Promise<undefined>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });

describe("a recording whose first sound is looked for", () => {
  it("is played from its first block on, opened once", async () => {
    const { source, opened, open } = recording(async (n) => (n < 3 ? block(n) : undefined));
    await using found = await find(source);
    const heard: number[] = [];
    {
      await using playing = await found.open(format, { gain: 1, signal: new AbortController().signal });
      for await (const { data } of playing.frames) heard.push(data[0] ?? -1);
    }
    assert.deepEqual([heard, opened.length, open()], [[0, 1, 2], 1, 0]);
  });

  it("is opened again for another format", async () => {
    const { source, opened, open } = recording(async (n) => (n < 1 ? block(n) : undefined));
    await using found = await find(source);
    {
      await using _ = await found.open(pcmFormat(16_000), { gain: 1, signal: new AbortController().signal });
      assert.equal(open(), 1, "the first one is let go of");
    }
    assert.deepEqual([opened, open()], [[format, pcmFormat(16_000)], 0]);
  });

  it("that only trickles is given up after its time, and let go of", async () => {
    const clock = new ManualClock();
    const { source, open } = recording(never);
    const found = find(source, { clock }).catch((error: unknown) => error);
    await clock.advance(7999);
    assert.equal(open(), 1);
    await clock.advance(1);
    assert.equal(((await found) as { code?: string }).code, "no-sound");
    await clock.advance(0);
    assert.equal(open(), 0);
  });

  it("is given up at once when whoever asked hung up", async () => {
    const clock = new ManualClock();
    const hungUp = new AbortController();
    const { source, open } = recording(never);
    const found = find(source, { clock, signal: hungUp.signal }).catch((error: unknown) => error);
    await clock.advance(100);
    hungUp.abort(new Error("hung up"));
    assert.match(String(await found), /hung up/);
    await clock.advance(0);
    assert.equal(open(), 0);
  });

  it("with nothing in it, or that cannot be decoded, is told and let go of", async () => {
    const empty = recording(async () => undefined);
    await assert.rejects(find(empty.source), { code: "no-sound", message: "there is no sound in it" });
    const broken = recording(async () => {
      throw new Error("not audio");
    });
    await assert.rejects(find(broken.source), /not audio/);
    assert.deepEqual([empty.open(), broken.open()], [0, 0]);
  });
});
