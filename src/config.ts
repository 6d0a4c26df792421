import { z } from "zod";
import { callsConfig, houseConfig } from "./hub/calls-config.ts";
import { groupsConfig } from "./hub/channel.ts";
import { devicesConfig, streamsConfig } from "./hub/device-input.ts";
import { floorConfig } from "./hub/floor-config.ts";
import { lastPicturesConfig } from "./hub/last-pictures-config.ts";
import { locksConfig } from "./hub/lock-settings.ts";
import { enrolmentConfig } from "./hub/reception.ts";
import { sayConfig } from "./hub/say-hosts.ts";
import { transcodeConfig } from "./hub/transcode-config.ts";
import { habitsConfig } from "./hub/warm-by-habit.ts";
import { surfaceSections } from "./surfaces/index.ts";
import { webrtcConfig } from "./workers/webrtc/config.ts";

const { http, ...otherSurfaces } = surfaceSections;

/** The whole configuration file: the union of what the folders export. */
export const configSchema = z.strictObject({
  http,
  ...otherSurfaces,
  webrtc: webrtcConfig,
  enrolment: enrolmentConfig,
  devices: devicesConfig,
  streams: streamsConfig,
  groups: groupsConfig,
  floor: floorConfig,
  calls: callsConfig,
  locks: locksConfig,
  house: houseConfig,
  transcode: transcodeConfig,
  say: sayConfig,
  habits: habitsConfig,
  lastPictures: lastPicturesConfig,
});

/** What the configuration file says, with every default filled in. */
export type Config = z.infer<typeof configSchema>;
