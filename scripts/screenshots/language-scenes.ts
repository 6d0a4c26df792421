import { audit, house, people, rooms, troubledHouse } from "../../test/e2e/page-devices.ts";
import { cameraPath, type Scene, shown } from "./scene.ts";

const devices = () => ({ devices: [...house().slice(0, 4), ...rooms()], users: people, audit: audit() });

/** Screens whose words differ most in length from the English ones, and how one sees that they are there. */
export const spokenScreens: readonly Scene[] = [
  {
    name: "setup",
    path: "/#/setup",
    server: () => ({ session: { setupNeeded: true, user: undefined } }),
    prepare: shown("dw-setup form"),
  },
  { name: "offline", path: "/offline.html", server: devices, prepare: shown("h1") },
  { name: "login", path: "/", server: () => ({ session: { user: undefined } }), prepare: shown("dw-login form") },
  { name: "wall", path: "/#/wall", server: devices, prepare: shown("dw-wall .room") },
  {
    name: "troubled",
    path: "/#/wall",
    server: () => ({ devices: troubledHouse() }),
    prepare: shown("dw-player .state"),
  },
  { name: "camera", path: cameraPath, server: devices, prepare: shown("dw-camera dw-talk .hold") },
  { name: "room", path: "/#/room/office", server: devices, prepare: shown("dw-room dw-talk") },
  {
    name: "devices",
    path: "/#/devices",
    server: () => ({ devices: troubledHouse() }),
    prepare: shown("dw-devices li"),
    whole: true,
  },
  { name: "add", path: "/#/add", server: devices, prepare: shown("dw-add form") },
  { name: "edit", path: "/#/edit/front-door", server: devices, prepare: shown("dw-add form"), whole: true },
  { name: "people", path: "/#/people", server: devices, prepare: shown("dw-people tbody tr") },
  { name: "events", path: "/#/events", server: devices, prepare: shown("dw-events li") },
  { name: "calls", path: "/#/calls", server: devices, prepare: shown("dw-calls .whom button") },
  { name: "settings", path: "/#/settings", server: devices, prepare: shown("dw-settings .qr"), whole: true },
  { name: "help", path: "/#/help", server: devices, prepare: shown("dw-help dl"), whole: true },
  { name: "panel", path: "/panel", server: devices, prepare: shown("dw-panel dw-wall .room") },
];

/** The same in every language. */
export const languageScenes: readonly Scene[] = (["de", "fr", "es"] as const).flatMap((language) =>
  spokenScreens.map((scene) => ({ ...scene, name: `${language}-${scene.name}`, language })),
);
