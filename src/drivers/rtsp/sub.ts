import type { Device, SubStream } from "../../device/driver.ts";
import { playRtsp } from "../../protocols/rtsp/play.ts";
import { DoorwardError, FatalError } from "../../util/errors.ts";
import type { RtspConfig } from "./config.ts";
import { Learnt, protocolsOf } from "./learnt.ts";
import { guessedSub, subAddress } from "./sub-address.ts";

/** What a camera answers at a path that it does not have; some call what they do not know a wrong request or a refusal. */
const notThere: ReadonlySet<string> = new Set(["not-found", "refused", "forbidden", "no-media", "bad-description"]);

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
  if (typeof found === "string") return await play(device, { config, address: found });
  const guessed = guessedSub(config.address);
  if (guessed !== undefined && (await tried(device, { config, address: guessed }))) return;
  if (device.signal.aborted) return;
  const listed = await find(device, config);
  if (listed !== undefined && listed !== guessed) return await play(device, { config, address: listed });
  const why = "no small picture is known at this camera; its path can be set: sub";
  throw new FatalError(why, { code: "no-sub" });
}

interface Playing {
  readonly config: RtspConfig;
  readonly address: string;
}

/** Plays what was guessed; false when there is nothing at that path. */
async function tried(device: Device, what: Playing): Promise<boolean> {
  try {
    await play(device, what);
    return true;
  } catch (error) {
    const isNotThere = error instanceof DoorwardError && notThere.has(error.code);
    if (!isNotThere || device.memory.get(foundKey) !== undefined) throw error;
    device.log.debug({ err: error }, "nothing at the path where the maker's small pictures usually are");
    return false;
  }
}

async function play(device: Device, { config, address }: Playing): Promise<void> {
  const learnt = new Learnt(device.memory);
  const { username, password, tlsFingerprint, transport, video } = config;
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
    onTrack: (format) => device.publish(format),
    onPhase: (phase) => device.phase(phase),
    onReady: (protocol) => {
      learnt.protocol = protocol;
      if (config.sub === "auto") device.memory.set(foundKey, address);
      device.ready();
    },
  });
}
