import { readAdts } from "../../src/codecs/aac/adts.ts";
import { makeAacConfig } from "../../src/codecs/aac/config.ts";
import { joinAnnexB, splitAnnexB } from "../../src/codecs/annexb.ts";
import { encodeG711 } from "../../src/codecs/g711/index.ts";
import { unitsOf } from "../../src/drivers/elementary/fake.ts";
import type { FakeAudio, FakeVideo } from "../../src/drivers/rtsp/fake-media.ts";
import { ffmpeg } from "../ffmpeg.ts";

/** A white picture and a click come together so often, in every clip of this file. */
export const periodMs = 2000;

/** Black at 25 pictures a second, each 50th white; a key frame a second. */
export function flashes(): FakeVideo {
  const source = "color=black:s=320x240:r=25,drawbox=w=320:h=240:t=fill:color=white:enable='lt(n,1)'";
  const annexB = ffmpeg([
    ...["-f", "lavfi", "-i", source, "-frames:v", "50", "-pix_fmt", "yuv420p", "-c:v", "libx264"],
    ...["-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline", "-threads", "1"],
    ...["-g", "25", "-keyint_min", "25", "-sc_threshold", "0", "-f", "h264", "-"],
  ]);
  return { codec: "h264", frameRate: 25, accessUnits: unitsOf(annexB).map(joinAnnexB) };
}

/** The picture itself of an access unit, without what the hub may put before it. */
export function pictureOf(accessUnit: Uint8Array): Buffer {
  return Buffer.from(splitAnnexB(accessUnit).at(-1) ?? []);
}

/** 40 ms of 1 kHz at full loudness, then silence; begins when the picture turns white. */
export function clicks(codec: "aac" | "pcm_s16le" | "pcmu"): FakeAudio {
  const sampleRateHz = codec === "pcmu" ? 8000 : 16_000;
  if (codec === "aac") return aacClicks(sampleRateHz);
  const block = sampleRateHz / 50;
  const pcm = clickSamples({ sampleRateHz, seconds: periodMs / 1000 });
  const packets = Array.from({ length: periodMs / 20 }, (_, n) => {
    const bytes = new Uint8Array(pcm.slice(n * block, (n + 1) * block).buffer);
    return codec === "pcmu" ? encodeG711("pcmu", bytes) : bytes;
  });
  return { format: { kind: "audio", codec, sampleRateHz, channels: 1 }, packets, packetMs: 20 };
}

/** Four periods are 125 blocks of 1024 samples at 16 kHz. */
function aacClicks(sampleRateHz: number): FakeAudio {
  const pcm = clickSamples({ sampleRateHz, seconds: 10 });
  const input = ["-f", "s16le", "-ar", `${sampleRateHz}`, "-ac", "1", "-i", "pipe:0"];
  let rest: Uint8Array = ffmpeg(
    [...input, "-c:a", "aac", "-b:a", "48k", "-f", "adts", "-"],
    new Uint8Array(pcm.buffer),
  );
  const blocks: Uint8Array[] = [];
  for (let frame = readAdts(rest); frame; frame = rest.length > 0 ? readAdts(rest) : undefined) {
    blocks.push(frame.block);
    rest = rest.subarray(frame.length);
  }
  // The encoder puts 1024 samples of silence before what it was given.
  const packets = blocks.slice(1, 126);
  const config = makeAacConfig({ sampleRateHz, channels: 1 });
  return { format: { kind: "audio", codec: "aac", sampleRateHz, channels: 1, config }, packets, packetMs: 64 };
}

function clickSamples(options: { readonly sampleRateHz: number; readonly seconds: number }): Int16Array {
  const { sampleRateHz, seconds } = options;
  const period = (sampleRateHz * periodMs) / 1000;
  return Int16Array.from({ length: sampleRateHz * seconds }, (_, i) => {
    const at = i % period;
    return at < sampleRateHz / 25 ? Math.round(Math.sin((2 * Math.PI * 1000 * at) / sampleRateHz) * 24_000) : 0;
  });
}
