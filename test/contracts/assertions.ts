import assert from "node:assert/strict";
import { splitAnnexB } from "../../src/codecs/annexb.ts";
import { readJpeg } from "../../src/codecs/jpeg/index.ts";
import { videoFormat } from "../../src/codecs/video-format.ts";
import type { HubDevice } from "../../src/hub/api.ts";
import type { Frame } from "../../src/media/frame.ts";
import { eventually } from "./rig.ts";

/** The frames begin with a key frame that has its parameter sets, and their time does not run backwards. */
export function assertDecodable(device: HubDevice, frames: readonly Frame[]): void {
  const format = device.track("video")?.format;
  if (format?.kind !== "video") return;
  assert.ok((format.widthPx ?? 0) > 0 && (format.heightPx ?? 0) > 0, "the size is known");
  const [first] = frames;
  assert.ok(first?.key, "begins with a key frame");
  if (format.codec === "mjpeg") {
    for (const { data } of frames) assert.equal(readJpeg(data).widthPx, format.widthPx, "each frame is a JPEG file");
    return;
  }
  const nals = splitAnnexB(first.data);
  const sets = nals.slice(0, format.parameterSets.length);
  assert.equal(videoFormat(format.codec, sets).widthPx, format.widthPx, "parameter sets come first");
  for (let index = 0; index < frames.length; index++) {
    const frame = frames[index]!;
    assert.deepEqual([...frame.data.subarray(0, 4)], [0, 0, 0, 1], "4-byte start code");
    assert.ok(index === 0 || frame.timestampUs >= frames[index - 1]!.timestampUs, "time does not run backwards");
  }
}

/** The device plays what is said, gives its speaker back, and stops at once when told. `spoken` counts what it was given. */
export async function assertSpeaks(device: HubDevice, spoken: () => number): Promise<void> {
  const speaker = await device.waitForSpeaker({ timeoutMs: 10_000 });
  assert.ok(speaker && speaker !== "none", "offers a speaker");
  const [format] = speaker.formats;
  assert.ok(format);
  const bytes = format.codec === "pcm_s16le" ? (format.sampleRateHz / 50) * 2 : 160;
  const block = { data: new Uint8Array(bytes), timestampUs: 0, key: true, durationUs: 20_000 };
  async function* say(blocks: number) {
    for (let index = 0; index < blocks; index++) yield { ...block, timestampUs: index * 20_000 };
  }
  await speaker.play({ format, live: false, frames: say(10), signal: new AbortController().signal });
  const heard = spoken();
  assert.ok(heard > 0, "the device was given sound");
  const stop = new AbortController();
  const endless = speaker.play({ format, live: false, frames: say(1e9), signal: stop.signal });
  await eventually(() => spoken() > heard);
  stop.abort();
  await endless.catch(() => {});
  const after = spoken();
  await speaker.play({ format, live: false, frames: say(5), signal: new AbortController().signal });
  assert.ok(spoken() > after, "the speaker is free again");
}
