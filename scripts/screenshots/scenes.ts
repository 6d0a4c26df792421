import { arrivalScenes } from "./arrival-scenes.ts";
import { callScenes } from "./call-scenes.ts";
import { cameraScenes } from "./camera-scenes.ts";
import { deviceScenes } from "./device-scenes.ts";
import { languageScenes } from "./language-scenes.ts";
import { optionScenes } from "./option-scenes.ts";
import { panelScenes } from "./panel-scenes.ts";
import { peopleScenes } from "./people-scenes.ts";
import { roomScenes } from "./room-scenes.ts";
import type { Scene } from "./scene.ts";
import { settingsScenes } from "./settings-scenes.ts";
import { startScenes } from "./start-scenes.ts";
import { stationScenes } from "./station-scenes.ts";
import { talkScenes } from "./talk-scenes.ts";
import { tileScenes } from "./tile-scenes.ts";
import { wallScenes } from "./wall-scenes.ts";

/** Every screen and every state. */
export const scenes: readonly Scene[] = [
  ...startScenes,
  ...wallScenes,
  ...tileScenes,
  ...cameraScenes,
  ...talkScenes,
  ...roomScenes,
  ...callScenes,
  ...panelScenes,
  ...stationScenes,
  ...deviceScenes,
  ...optionScenes,
  ...arrivalScenes,
  ...peopleScenes,
  ...settingsScenes,
  ...languageScenes,
];

/** Screens that a real hub can be asked for too. */
export const signedInScenes: readonly Scene[] = scenes.filter(({ name }) =>
  ["wall", "devices", "people", "events", "settings", "help", "add", "panel"].includes(name),
);
