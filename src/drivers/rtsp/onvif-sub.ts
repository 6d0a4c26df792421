import type { Device } from "../../device/driver.ts";
import { onvifPorts } from "../../protocols/onvif/device-service.ts";
import { type MediaProfile, OnvifMedia } from "../../protocols/onvif/media.ts";
import { DoorwardError, isAbort } from "../../util/errors.ts";
import type { RtspConfig } from "./config.ts";

/** A port whose answers, all of them, take longer is left alone. */
const portMs = 4000;

/**
 * The small picture among several: no wider than 1280 and smaller than the largest, best H.264, and best near 640 by 360. Undefined
 * where all are large or all are alike.
 */
export function smallProfile(profiles: readonly MediaProfile[]): MediaProfile | undefined {
  const pixels = ({ widthPx, heightPx }: MediaProfile) => widthPx * heightPx;
  const largest = Math.max(0, ...profiles.map(pixels));
  const wanted = 640 * 360;
  const cost = (profile: MediaProfile) =>
    Math.abs(Math.log(pixels(profile) / wanted)) + (/^h264$/i.test(profile.encoding) ? 0 : 10);
  return profiles
    .filter((profile) => /^h26[45]$/i.test(profile.encoding))
    .filter((profile) => profile.widthPx <= 1280 && pixels(profile) * 1.5 < largest)
    .toSorted((a, b) => cost(a) - cost(b))[0];
}

/** Asks the camera by ONVIF for its streams and gives the small one's address; undefined where it has none, or no ONVIF. */
export async function findByOnvif(device: Device, config: RtspConfig): Promise<string | undefined> {
  const host = URL.parse(config.address)?.hostname;
  if (host === undefined) return undefined;
  for (const port of onvifPorts) {
    if (device.signal.aborted) return undefined;
    const found = await askAt(device, { ...config, url: new URL(`http://${host}:${port}/onvif/device_service`) });
    if (found !== "nobody") return found;
  }
  return undefined;
}

/** The small stream's address; "nobody" where no ONVIF answers. Exported for tests, whose cameras have ports of their own. */
export async function askAt(
  device: Pick<Device, "clock" | "log" | "signal">,
  camera: Pick<RtspConfig, "username" | "password"> & { readonly url: URL },
): Promise<string | undefined | "nobody"> {
  const { url, username, password = "" } = camera;
  const late = new AbortController();
  const timer = device.clock.timer(portMs, () => late.abort());
  const credentials = username === undefined ? undefined : { username, password };
  const signal = AbortSignal.any([device.signal, late.signal]);
  try {
    const media = new OnvifMedia({ url, credentials, clock: device.clock, signal });
    const small = smallProfile(await media.profiles());
    return small && (await media.streamUri(small.token));
  } catch (error) {
    if (!(error instanceof DoorwardError || isAbort(error))) throw error;
    device.log.debug({ err: error, port: url.port }, "asked for its streams by ONVIF the camera does not answer");
    return error instanceof DoorwardError && error.code === "wrong-password" ? undefined : "nobody";
  } finally {
    timer[Symbol.dispose]();
  }
}
