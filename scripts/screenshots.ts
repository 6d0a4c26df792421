import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { buildPage, openBrowser, temporaryFolder } from "../test/e2e/page-browser.ts";
import { audit, people } from "../test/e2e/page-devices.ts";
import { type PageServer, startPageServer } from "../test/e2e/page-server.ts";
import { startPageVideo } from "../test/e2e/page-video.ts";
import { type Scene, scenes, signedInScenes } from "./screenshot-scenes.ts";

const sizes = { phone: [390, 844], landscape: [844, 390], tablet: [1024, 768], desk: [1920, 1080] } as const;
const help = `Pictures of every screen and every state of the page, for looking at.

npm run screenshots [-- options]
  --only <text>       only scenes whose name fits this pattern
  --size <name>       phone, landscape, tablet or desk
  --theme <name>      light or dark
  --out <folder>      screenshots by default
  --url <address>     a real hub instead of a scripted one, with --user and --password
`;

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    size: { type: "string" },
    theme: { type: "string" },
    out: { type: "string", default: "screenshots" },
    url: { type: "string" },
    user: { type: "string", default: "" },
    password: { type: "string", default: "" },
    help: { type: "boolean" },
  },
});

if (options.help) process.stdout.write(help);
else await (options.url ? shootHub(options.url) : shootScripted());

async function shootScripted(): Promise<void> {
  await using dist = await temporaryFolder();
  await using profile = await temporaryFolder();
  await buildPage(dist.path);
  await using video = await startPageVideo();
  await using browser = await openBrowser({ profileDir: profile.path });
  for (const scene of chosen(scenes)) {
    await using server = await startPageServer({
      pageDir: dist.path,
      users: people,
      audit: audit(),
      view: (id, offer) => video.view(id, offer),
      ...scene.server(),
    });
    const page = await browser.context.newPage();
    await shoot(page, { url: server.url, scene, server });
    await page.close();
  }
}

async function shootHub(url: string): Promise<void> {
  await using profile = await temporaryFolder();
  await using browser = await openBrowser({ profileDir: profile.path, insecure: true });
  const page = await browser.context.newPage();
  await page.goto(url);
  await page.getByLabel("Name").fill(options.user);
  await page.getByLabel("Password").fill(options.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("dw-wall").waitFor();
  for (const scene of signedInScenes.filter(({ name }) => name.includes(options.only)))
    await shoot(page, { url, scene });
}

async function shoot(
  page: Page,
  what: { readonly url: string; readonly scene: Scene; readonly server?: PageServer },
): Promise<void> {
  const folder = resolve(options.out);
  await mkdir(folder, { recursive: true });
  for (const [size, [width, height]] of Object.entries(sizes)) {
    if (options.size && options.size !== size) continue;
    for (const theme of ["light", "dark"] as const) {
      if (options.theme && options.theme !== theme) continue;
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width, height });
      await page.goto("about:blank");
      await page.goto(new URL(what.scene.path, what.url).href);
      await what.scene.prepare?.(page, what.server);
      await page.screenshot({ path: join(folder, `${what.scene.name}-${size}-${theme}.png`) });
    }
  }
  process.stdout.write(`${what.scene.name}\n`);
}

/** `--only` as a pattern over the scenes' names. */
function chosen(list: readonly Scene[]): readonly Scene[] {
  const pattern = new RegExp(options.only);
  return list.filter(({ name }) => pattern.test(name));
}
