import type { Page } from "playwright-core";
import { buildPage, openBrowser, temporaryFolder } from "../../test/e2e/page-browser.ts";
import { audit, people } from "../../test/e2e/page-devices.ts";
import { type PageServer, startPageServer } from "../../test/e2e/page-server.ts";
import { type PageVideo, startPageVideo } from "../../test/e2e/page-video.ts";
import type { Scene } from "./scene.ts";
import { resize, type Size, sizes } from "./sizes.ts";
import { kinds } from "./tile-scenes.ts";

/** One scene as one screen shows it in one theme. */
export interface Shot {
  readonly page: Page;
  readonly scene: Scene;
  readonly size: Size;
  readonly theme: "light" | "dark";
}

/** Which of a scene's shots are wanted; all unless told. */
export interface Wanted {
  readonly size?: string | undefined;
  readonly theme?: string | undefined;
}

/** One browser and one built page for all scenes. */
export interface Studio extends AsyncDisposable {
  /** Prepares the scene and shows it at each size and in each theme to `look`. */
  show(scene: Scene, wanted: Wanted, look: (shot: Shot) => Promise<void>): Promise<void>;
}

/** Builds the page, draws the cameras and opens the browser. */
export async function openStudio(): Promise<Studio> {
  const stack = new AsyncDisposableStack();
  const dist = stack.use(await temporaryFolder());
  const profile = stack.use(await temporaryFolder());
  await buildPage(dist.path);
  const video = stack.use(await startPageVideo({ upright: true }));
  const { context } = stack.use(await openBrowser({ profileDir: profile.path }));
  return {
    show: async (scene, wanted, look) => {
      await using server = await startPageServer(serverOf(scene, dist.path, video));
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      try {
        await showAll({ page, scene, url: server.url, server }, wanted, look);
      } finally {
        await page.close();
      }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function serverOf(scene: Scene, pageDir: string, video: PageVideo) {
  const view = kinds((id, offer) => video.view(id, offer));
  return { pageDir, users: people, audit: audit(), view, ...scene.server() };
}

/** The shots of a scene on a page that is open; without a server, a real hub has it. */
export async function showAll(
  stage: { readonly page: Page; readonly scene: Scene; readonly url: string; readonly server?: PageServer },
  wanted: Wanted,
  look: (shot: Shot) => Promise<void>,
): Promise<void> {
  const { page, scene } = stage;
  let prepared = false;
  for (const size of Object.keys(sizes) as Size[]) {
    const themes = (["light", "dark"] as const).filter((theme) => isTaken(scene, size, theme));
    if ((wanted.size ?? size) !== size || themes.length === 0) continue;
    await page.mouse.up();
    await resize(page, size);
    if (!prepared || scene.each) await prepare(stage);
    prepared = true;
    for (const theme of themes) {
      if ((wanted.theme ?? theme) !== theme) continue;
      await page.emulateMedia({ colorScheme: theme });
      await look({ page, scene, size, theme });
    }
  }
}

/** The words are the same in both themes: in another language a phone is taken by day and a desk by night. */
function isTaken({ language, landscape }: Scene, size: Size, theme: Shot["theme"]): boolean {
  if (size === "landscape") return landscape === true;
  if (!language) return true;
  return theme === "light" ? size === "phone" : size === "desk";
}

async function prepare(stage: Parameters<typeof showAll>[0]): Promise<void> {
  const { page, scene, url, server } = stage;
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  if (scene.language) await speak(page, { url, language: scene.language });
  await page.goto("about:blank");
  await page.goto(new URL(scene.path, url).href);
  await scene.prepare?.(page, server);
}

/** What the page remembers of its person's language. */
async function speak(
  page: Page,
  { url, language }: { readonly url: string; readonly language: string },
): Promise<void> {
  await page.goto(new URL("/offline.html", url).href);
  await page.evaluate(
    (chosen) => localStorage.setItem("dw-preferences", JSON.stringify({ language: chosen })),
    language,
  );
}
