import { encodeG711 } from "../../src/codecs/g711/index.ts";
import type { AudioFormat } from "../../src/media/format.ts";
import type { Frame } from "../../src/media/frame.ts";
import { systemClock } from "../../src/util/clock.ts";
import { runDriver } from "../rtsp.ts";
import { startGstServer } from "./gst.ts";

const pcmu: AudioFormat = { kind: "audio", codec: "pcmu", sampleRateHz: 8000, channels: 1 };
const picture =
  "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=15/1 ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! rtph264pay name=pay0 pt=96";
const sink = "audioconvert ! audio/x-raw,format=S16LE,rate=8000,channels=1 ! fdsink fd=1 sync=false async=false";
const backchannel = `( capsfilter caps="application/x-rtp, media=audio, payload=0, clock-rate=8000, encoding-name=PCMU" name=depay_backchannel ! rtppcmudepay ! mulawdec ! ${sink} )`;

/** How many of `count` turns in a row, a third of a second each, came out of GStreamer's ONVIF server, which is watched meanwhile. */
export async function hearSessions(count: number, transport: "tcp" | "udp"): Promise<number> {
  await using server = await startGstServer({ launch: `( ${picture} )`, backchannel, protocols: [transport] });
  let loud = 0;
  server.sound.on("data", (chunk: Buffer) => {
    const samples = new Int16Array(new Uint8Array(chunk).buffer, 0, chunk.length >> 1);
    for (const sample of samples) if (Math.abs(sample) > 1000) loud++;
  });
  await using running = runDriver({ address: server.address });
  const { device } = running;
  await device.until(() => device.readyCount > 0 && device.speaker !== undefined);
  let heard = 0;
  for (let n = 0; n < count; n++) {
    loud = 0;
    const signal = new AbortController().signal;
    await device.speaker?.play({ format: pcmu, live: false, frames: tone(), signal });
    await systemClock.sleep(50); // what the server wrote last has still to be read
    if (loud > 1000) heard++;
  }
  return heard;
}

async function* tone(): AsyncGenerator<Frame, void, void> {
  const samples = Int16Array.from({ length: 2640 }, (_, i) =>
    Math.round(9000 * Math.sin((2 * Math.PI * 500 * i) / 8000)),
  );
  yield { data: encodeG711("pcmu", new Uint8Array(samples.buffer)), timestampUs: 0, key: true };
}
