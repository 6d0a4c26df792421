import type { Page } from "playwright-core";
import { camera, freeSpeaker, house } from "../../test/e2e/page-devices.ts";
import { ben, cameraPath, hold, moving, press, type Scene } from "./scene.ts";

async function talked(page: Page, words: string): Promise<void> {
  await moving(page);
  await hold(page);
  await page.locator("dw-talk").getByText(words).first().waitFor();
}

const talking = (name: string, state: object, words: string): Scene => ({
  name: `talk-${name}`,
  each: true,
  landscape: true,
  path: cameraPath,
  server: () => ({
    devices: house(),
    onMessage: (message, tell) => {
      if (message.type === "talk-take") {
        const hearing = [message.to]
          .flat()
          .map((channel) => ({ deviceId: channel.replace(/^device:/, ""), state: "playing" }));
        tell({ type: "talk", turn: message.turn, ...(state as { state: "granted" }), hearing } as never);
      }
    },
  }),
  prepare: (page) => talked(page, words),
});

/** Everybody is spoken to from the wall; one of them cannot hear it. */
const everybody: Scene = {
  name: "talk-everybody",
  each: true,
  path: "/#/wall",
  server: () => ({
    devices: house(),
    onMessage: (message, tell) => {
      if (message.type !== "talk-take") return;
      const speaking = house().filter(({ speaker }) => speaker);
      const hearing = speaking.map(({ id }, index) =>
        index === 1
          ? ({ deviceId: id, state: "failed", code: "offline", reason: "it did not answer within 2.5 s" } as const)
          : ({ deviceId: id, state: "playing" } as const),
      );
      tell({ type: "talk", turn: message.turn, state: "granted", hearing });
    },
  }),
  prepare: async (page) => {
    await moving(page, 1);
    await page.locator("dw-wall select").selectOption("all");
    await hold(page);
    await page.locator("dw-talk").getByText("Speak now").first().waitFor();
  },
};

/** Several devices are being chosen. */
const several: Scene = {
  name: "talk-several",
  path: "/#/wall",
  server: () => ({ devices: house() }),
  prepare: async (page) => {
    await moving(page, 1);
    await page.locator("dw-wall select").selectOption("several");
    await page.locator("dw-wall .several input").nth(1).check();
  },
};

/** Somebody wants to speak and the browser gives no microphone, for the reason `fails` (a DOMException's name). */
function withoutMicrophone(name: string, { fails, says }: { readonly fails: string; readonly says: string }): Scene {
  const prepare = async (page: Page) => {
    await page.evaluate((reason) => {
      navigator.permissions.query = () => Promise.reject(new Error("cannot be asked"));
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("none", reason));
    }, fails);
    await talked(page, says);
  };
  return { name, each: true, path: cameraPath, server: () => ({ devices: house() }), prepare };
}

/** The talk bar in every state. */
export const talkScenes: readonly Scene[] = [
  talking("granted", { state: "granted" }, "Speak now"),
  talking("queued", { state: "queued", position: 1, holder: ben }, "Ben is speaking"),
  talking("held", { state: "refused", reason: "held", holder: ben }, "Ben is speaking"),
  talking("do-not-disturb", { state: "refused", reason: "do-not-disturb" }, "Do not disturb"),
  talking("offline", { state: "refused", reason: "offline" }, "Not connected"),
  talking("pre-empted", { state: "pre-empted", holder: ben }, "Ben took over"),
  talking("silent", { state: "released", reason: "silent" }, "That broke off"),
  everybody,
  several,
  {
    name: "talk-held-before",
    path: cameraPath,
    server: () => ({
      devices: [camera("front-door", { speaker: { ...freeSpeaker, holder: { ...ben, turnId: "b" } } })],
    }),
    prepare: (page) => moving(page),
  },
  withoutMicrophone("talk-no-microphone", { fails: "NotFoundError", says: "No microphone found" }),
  {
    name: "talk-interrupting",
    each: true,
    path: cameraPath,
    server: () => ({
      devices: [camera("front-door", { speaker: { ...freeSpeaker, holder: { ...ben, turnId: "b" } } })],
    }),
    prepare: async (page) => {
      await moving(page);
      await press(page, "dw-guard button");
      await page.waitForTimeout(500);
    },
  },
  withoutMicrophone("talk-blocked", { fails: "NotAllowedError", says: "The microphone is blocked" }),
];
