import { audioTrack, camera, troubledHouse, videoTrack } from "../../test/e2e/page-devices.ts";
import { type PageServerOptions, Refusal } from "../../test/e2e/page-server.ts";
import { cameraPath, moving, type Scene, shown } from "./scene.ts";

type View = NonNullable<PageServerOptions["view"]>;

/** A picture as MJPEG cameras send it. */
const still = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 90"><rect width="160" height="90" fill="#e8e4da"/><path d="M0 70h160v20H0z" fill="#8a9a6b"/><rect x="92" y="34" width="40" height="40" fill="#b5673f"/><path d="M86 36l26-20 26 20z" fill="#5b4033"/></svg>`;

/** What the hub says of a picture that neither the browser nor it can show. */
const unshown = (codec: string, reason: string) =>
  new Refusal(406, "This browser cannot show it.", "codec-unsupported", { codec, why: "codec", reason });

/** Pictures of all kinds: `view` is what shows the others. */
export function kinds(view: View): View {
  return async (id, offer) => {
    if (id === "jpeg") throw unshown("mjpeg", "off");
    if (id === "h265") throw unshown("h265", "busy");
    if (id === "lost") throw new Refusal(503, "The camera is not connected yet.");
    const viewing = await view(id, offer);
    if (id !== "reordered") return viewing;
    return {
      answerSdp: viewing.answerSdp,
      converted: "h264; why=reordered",
      addCandidate: (candidate) => viewing.addCandidate(candidate),
      [Symbol.asyncDispose]: () => viewing[Symbol.asyncDispose](),
    };
  };
}

const snapshots = Object.fromEntries(["jpeg", "h265"].map((id) => [`GET /api/v1/devices/${id}/snapshot`, still]));
const pictureKinds = () => [
  camera("jpeg", { name: "Jpeg", tracks: [{ ...videoTrack, codec: "mjpeg" }], speaker: undefined }),
  camera("h265", { name: "Loft", tracks: [{ ...videoTrack, codec: "h265" }] }),
  camera("reordered", { name: "Gate" }),
  camera("upright", { name: "Doorbell", tracks: [{ ...videoTrack, widthPx: 360, heightPx: 640 }] }),
  camera("fine", { name: "Meadow", tracks: [{ ...videoTrack, widthPx: 3840, heightPx: 2160 }] }),
  camera("mute", {
    name: "Silent yard",
    quirks: [{ code: "unplayable-sound", detail: "G.726" }] as never,
  }),
];

const alone = (id: string) => ({ devices: pictureKinds().filter((device) => device.id === id), answers: snapshots });

/** One tile, as each kind of camera and each trouble draws it. */
export const tileScenes: readonly Scene[] = [
  {
    name: "wall-kinds",
    path: "/#/wall",
    server: () => ({ devices: pictureKinds(), answers: snapshots }),
    prepare: async (page) => {
      await moving(page, 3);
      await page.locator("dw-player img.still, dw-player img").first().waitFor();
    },
  },
  {
    name: "wall-trouble-only",
    path: "/#/wall",
    server: () => ({ devices: troubledHouse().filter(({ state }) => state.phase !== "live") }),
    prepare: shown("dw-player .why, dw-player .state"),
  },
  ...(["jpeg", "h265", "reordered", "upright"] as const).map(
    (id): Scene => ({
      name: `camera-${id}`,
      path: `/#/camera/${id}`,
      server: () => alone(id),
      landscape: true,
      prepare: async (page) => {
        if (id === "jpeg" || id === "h265") await page.locator("dw-player img").first().waitFor();
        else await moving(page);
      },
    }),
  ),
  {
    name: "camera-sound-only",
    path: cameraPath,
    // The pretended cameras all have pictures: this one is never answered, and told what it would find. One with a speaker is a room.
    server: () => ({
      devices: [camera("front-door", { tracks: [audioTrack], speaker: undefined })],
      view: () => new Promise(() => {}),
    }),
    prepare: async (page) => {
      const player = page.locator("dw-camera dw-player");
      await player.evaluate((element) => Object.assign(element, { phase: { phase: "sound-only" } }));
      await player.getByText("Sound only").first().waitFor();
    },
  },
  {
    name: "camera-no-sound",
    path: cameraPath,
    server: () => ({
      session: { user: { id: "u2", name: "Ben", administrator: false, grants: [] } },
      devices: [camera("front-door", { rights: ["view"] })],
    }),
    prepare: (page) => moving(page),
  },
];
