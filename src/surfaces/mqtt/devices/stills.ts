import type { HubDevice } from "../../../hub/api.ts";
import type { Hub } from "../../../hub/hub.ts";
import { waitForTracks } from "../../../hub/wait-for-tracks.ts";
import type { Track } from "../../../media/track.ts";
import { background } from "../../../util/background.ts";
import { isAbort, messageOf } from "../../../util/errors.ts";
import { every } from "../../../util/every.ts";
import { Serial } from "../../../util/serial.ts";
import type { MessageBus } from "../../bus.ts";
import type { MqttConfig } from "../config.ts";
import type { DeviceTopics } from "./topics.ts";

/** Options of {@link sendStills}. */
export interface StillsOptions {
  readonly hub: Pick<Hub, "devices" | "calls" | "converter" | "clock" | "log">;
  readonly bus: Pick<MessageBus, "publish" | "connected">;
  readonly topics: DeviceTopics;
  /** The device if it is shown over MQTT. */
  readonly deviceOf: (id: string) => HubDevice | undefined;
  /** `ring` when somebody rings; a number of seconds also in between, of cameras that are connected anyway. */
  readonly when: MqttConfig["stills"];
}

/** Enough for a notification, and small beside the 256 KiB of a message. */
const widthPx = 640;
const pictureMs = 10_000;

/**
 * Sends still pictures (JPEG): of a bell's camera when it rings there, and every so often of cameras that are connected anyway. None is
 * kept by the broker: whoever comes later would see who was there before. Ends when disposed.
 */
export function sendStills({ hub, bus, topics, deviceOf, when }: StillsOptions): Disposable {
  const held = new DisposableStack();
  const over = new AbortController();
  held.defer(() => over.abort());
  if (when === "off") return held;
  const underWay = new Set<string>();
  const waiting = new Set<string>();
  const regular = new Serial();
  const send = async (deviceId: string, camera: HubDevice) => {
    if (underWay.has(deviceId) || !bus.connected) return;
    underWay.add(deviceId);
    try {
      const picture = await pictureOf(hub, { camera, signal: over.signal });
      if (picture) bus.publish(topics.of(deviceId, "still"), picture);
    } finally {
      underWay.delete(deviceId);
    }
  };
  const behind = (camera: string, sent: Promise<unknown>) =>
    background(sent, (err) => {
      if (!isAbort(err)) hub.log.debug({ err, device: camera }, `MQTT: no still picture: ${messageOf(err)}`);
    });
  /** A camera that is shown and connected anyway. */
  const sees = (id: string) => {
    const device = deviceOf(id);
    return device?.state.phase === "live" && device.info().can?.view === "yes" ? device : undefined;
  };
  /** One after the other: each has to be decoded. */
  const later = (id: string) => {
    waiting.add(id);
    const sent = regular.run(async () => {
      waiting.delete(id);
      const device = over.signal.aborted ? undefined : sees(id);
      if (device) await send(id, device);
    });
    behind(id, sent);
  };
  held.use(
    hub.calls.onChange(({ call, change }) => {
      const { deviceId } = call.from;
      const camera = change === "ringing" ? hub.devices.get(call.cameraId ?? deviceId ?? "") : undefined;
      if (camera && deviceId !== undefined) behind(camera.id, send(deviceId, camera));
    }),
  );
  if (typeof when === "number") {
    held.use(
      every(hub.clock, when * 1000, () => {
        for (const { id } of hub.devices.list()) if (!waiting.has(id) && sees(id)) later(id);
      }),
    );
  }
  return held;
}

/** Undefined where no picture came in time. */
async function pictureOf(
  { converter, clock }: Pick<Hub, "converter" | "clock">,
  { camera, signal: over }: { readonly camera: HubDevice; readonly signal: AbortSignal },
): Promise<Uint8Array | undefined> {
  const late = new AbortController();
  using _limit = clock.timer(pictureMs, () => late.abort());
  const signal = AbortSignal.any([late.signal, over]);
  using _demand = camera.demand();
  const { video } = await waitForTracks(camera, { timeoutMs: pictureMs, signal });
  if (!video) return undefined;
  await untilKeyFrame(video, signal);
  return converter.snapshot(video, { widthPx, signal });
}

async function untilKeyFrame(video: Track, signal: AbortSignal): Promise<void> {
  if (video.lastKeyFrame) return;
  using reader = video.read({ maxFrames: 4 });
  await reader.next(signal);
}
