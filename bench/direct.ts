import { setTimeout as wait } from "node:timers/promises";
import { parseRtspAddress, resolveControl } from "../src/protocols/rtsp/address.ts";
import { RtspClient } from "../src/protocols/rtsp/client.ts";
import { systemClock } from "../src/util/clock.ts";
import { silentLog } from "../src/util/log.ts";
import { machineUs } from "../src/workers/webrtc/child/time.ts";
import { stampOf } from "./stamp.ts";

/**
 * Reads a `stamped-rtsp` camera for so long with no hub between, over TCP: what any hub's delay stands on. Gives, of each frame of its
 * video, the milliseconds from its writing until its last packet is here.
 */
export async function readDirectly(camera: string, durationMs: number): Promise<readonly number[]> {
  const delaysMs: number[] = [];
  await using client = await RtspClient.open({
    ...{ address: parseRtspAddress(camera), clock: systemClock, log: silentLog },
    signal: AbortSignal.timeout(durationMs + 60_000),
  });
  const { sdp, base } = await client.describe();
  const control = sdp.media.find(({ kind }) => kind === "video")?.control;
  const onRtp = (packet: Uint8Array) => {
    const isLast = (packet[1]! & 0x80) !== 0;
    if (isLast) delaysMs.push((machineUs() - stampOf(packet)) / 1000);
  };
  await client.setup(resolveControl(control, base), { protocol: "tcp", onRtp, onRtcp: () => {} });
  await client.start();
  await wait(durationMs);
  return delaysMs;
}
