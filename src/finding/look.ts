import { deviceRequests, onvifPorts } from "../protocols/onvif/device-service.ts";
import { OnvifPeer } from "../protocols/onvif/peer.ts";
import { parseRtspAddress } from "../protocols/rtsp/address.ts";
import { RtspClient } from "../protocols/rtsp/client.ts";
import type { Clock } from "../util/clock.ts";
import { DoorwardError } from "../util/errors.ts";
import { silentLog } from "../util/log.ts";
import { isOpen } from "./ports.ts";

/** What a look needs. */
export interface Looking {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const withinMs = 3000;

/** What an RTSP server calls itself; undefined where none answers at all. No password is sent. Throws AbortError. */
export async function lookAtRtsp(
  at: { readonly host: string; readonly port: number },
  { clock, signal }: Looking,
): Promise<{ readonly banner?: string | undefined } | undefined> {
  const late = new AbortController();
  using _timer = clock.timer(withinMs, () => late.abort());
  const address = parseRtspAddress(`rtsp://${at.host}:${at.port}/`);
  const either = AbortSignal.any([signal, late.signal]);
  try {
    await using client = await RtspClient.open({ address, clock, log: silentLog, signal: either });
    return { banner: client.server?.slice(0, 128) };
  } catch (error) {
    signal.throwIfAborted();
    // It asked for a password, or refused: an RTSP server all the same.
    if (error instanceof DoorwardError && error.fields?.["status"] !== undefined) return {};
    if (error instanceof DoorwardError && ["password-needed", "wrong-password"].includes(error.code)) return {};
    return undefined;
  }
}

/** The ONVIF service of a host, at the ports where cameras have it; its time is asked for, which takes no password. */
export async function lookForOnvif(host: string, { clock, signal }: Looking): Promise<string | undefined> {
  for (const port of onvifPorts) {
    if (!(await isOpen({ host, port }, { clock, signal }))) continue;
    const url = new URL(`http://${host}:${port}/onvif/device_service`);
    const peer = new OnvifPeer({ url, credentials: undefined, clock, signal });
    const answered = peer.ask(deviceRequests.time(), { url, unsigned: true, withinMs }).then(
      () => true,
      () => false,
    );
    if (await answered) return url.href;
    signal.throwIfAborted();
  }
  return undefined;
}
