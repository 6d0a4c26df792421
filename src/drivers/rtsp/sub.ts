import type { Device, SubStream } from "../../device/driver.ts";
import { parseRtspAddress } from "../../protocols/rtsp/address.ts";
import { RtspClient } from "../../protocols/rtsp/client.ts";
import { isNotThere } from "../../protocols/rtsp/failure.ts";
import { playRtsp } from "../../protocols/rtsp/play.ts";
import { background } from "../../util/background.ts";
import { FatalError } from "../../util/errors.ts";
import type { RtspConfig } from "./config.ts";
import { Learnt, protocolsOf } from "./learnt.ts";
import { OnvifKeyFrames } from "./onvif-key-frames.ts";
import { guessedSub, subAddress } from "./sub-address.ts";

/** Where the address was found by trying: the next run begins there. */
const foundKey = "address";

/** Finds an address that is not known by the path of the large picture; undefined where there is none. */
export type FindSub = (device: Device, config: RtspConfig) => Promise<string | undefined>;

/** The small picture of RTSP cameras. */
export function rtspSub(find: FindSub): SubStream<RtspConfig> {
  return {
    offered: ({ sub }) => sub !== "off",
    run: (device, config) => serveSub(device, { config, find }),
  };
}

async function serveSub(
  device: Device,
  { config, find }: { readonly config: RtspConfig; readonly find: FindSub },
): Promise<void> {
  if (config.sub !== "auto") return await play(device, { config, address: subAddress(config.address, config.sub) });
  const found = device.memory.get(foundKey);
  const guessed = guessedSub(config.address);
  for (const address of new Set([found, guessed])) {
    if (typeof address === "string" && (await tried(device, { config, address }))) return;
    if (device.signal.aborted) return;
  }
  const listed = await find(device, config);
  if (listed !== undefined) return await play(device, { config, address: listed });
  await assertThere(device, config);
  const why = "no small picture is known at this camera; its path can be set: sub";
  throw new FatalError(why, { code: "no-sub" });
}

/** Of a camera that cannot be reached nobody knows what it lacks: throws as {@link RtspClient.open}. */
async function assertThere(device: Device, config: RtspConfig): Promise<void> {
  const { clock, log, signal } = device;
  const address = parseRtspAddress(config.address, config);
  await using _client = await RtspClient.open({ address, tlsFingerprint: config.tlsFingerprint, clock, log, signal });
}

interface Playing {
  readonly config: RtspConfig;
  readonly address: string;
}

/** Plays what was guessed, or found before; false when there is nothing at that path, or no more. */
async function tried(device: Device, what: Playing): Promise<boolean> {
  try {
    await play(device, what);
    return true;
  } catch (error) {
    if (!isNotThere(error)) throw error;
    device.memory.set(foundKey, undefined);
    device.log.debug({ err: error }, "nothing at a path where the small picture may be");
    return false;
  }
}

async function play(device: Device, { config, address }: Playing): Promise<void> {
  const learnt = new Learnt(device.memory);
  const { username, password, tlsFingerprint, transport, video } = config;
  const keyFrames = new OnvifKeyFrames(device, { ...config, address });
  await playRtsp({
    ...{ address, username, password, tlsFingerprint },
    // Which of several pictures is told of the address that it was set for.
    ...(address === config.address && { video }),
    protocols: protocolsOf({ transport }, learnt.protocol),
    keepAlive: learnt.keepAlive,
    onKeepAlive: (method) => {
      learnt.keepAlive = method;
    },
    clock: device.clock,
    log: device.log,
    signal: device.signal,
    onTrack: (format, { wantKeyFrame }) => device.publish(format, wantKeyFrame && { wantKeyFrame }),
    onKeyFrameWanted: () =>
      background(keyFrames.ask(), (err) => device.log.warn({ err }, "the camera was not asked for a key frame")),
    onPhase: (phase) => device.phase(phase),
    onReady: (protocol) => {
      learnt.protocol = protocol;
      if (config.sub === "auto") device.memory.set(foundKey, address);
      device.ready();
    },
  });
}
