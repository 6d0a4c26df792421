import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { openBrowser, temporaryFolder } from "../test/e2e/page-browser.ts";
import { faultsOf } from "./screenshots/faults.ts";
import type { Scene } from "./screenshots/scene.ts";
import { scenes, signedInScenes } from "./screenshots/scenes.ts";
import { type Taken, writeSheet } from "./screenshots/sheet.ts";
import { inWhole } from "./screenshots/sizes.ts";
import { openStudio, type Shot, showAll } from "./screenshots/studio.ts";

const help = `Pictures of every screen and every state of the page, for looking at: open index.html of their folder.

npm run screenshots [-- options]
  --only <pattern>    only scenes whose name fits it
  --part <n/of>       the nth part of the scenes, such as 1/4
  --size <name>       phone, landscape, tablet or desk
  --theme <name>      light or dark
  --check             says as well what is too wide, too small to touch, hard to read, or wrong for axe-core
  --list              names the scenes and takes no pictures
  --out <folder>      screenshots by default
  --url <address>     a real hub instead of a scripted one, with --user and --password
`;

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    part: { type: "string", default: "1/1" },
    size: { type: "string" },
    theme: { type: "string" },
    check: { type: "boolean", default: false },
    list: { type: "boolean" },
    out: { type: "string", default: "screenshots" },
    url: { type: "string" },
    user: { type: "string", default: "" },
    password: { type: "string", default: "" },
    help: { type: "boolean" },
  },
});

const folder = resolve(options.out);
const taken: Taken[] = [];
const failed: string[] = [];

if (options.help) process.stdout.write(help);
else if (options.list)
  process.stdout.write(
    `${chosen(scenes)
      .map(({ name }) => name)
      .join("\n")}\n`,
  );
else await takeAll();

async function takeAll(): Promise<void> {
  await mkdir(folder, { recursive: true });
  await (options.url ? shootHub(options.url) : shootScripted());
  await writeSheet(folder, taken);
  process.stdout.write(`${taken.length} pictures: ${join(folder, "index.html")}\n`);
  if (failed.length === 0) return;
  process.stdout.write(`could not be taken: ${failed.join(", ")}\n`);
  process.exitCode = 1;
}

async function shootScripted(): Promise<void> {
  await using studio = await openStudio();
  const list = chosen(scenes);
  for (const [index, scene] of list.entries())
    await told(scene, `${index + 1}/${list.length}`, () => studio.show(scene, options, take));
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
  const list = chosen(signedInScenes);
  for (const [index, scene] of list.entries())
    await told(scene, `${index + 1}/${list.length}`, () => showAll({ page, url, scene }, options, take));
}

/** One scene that cannot be prepared costs only its own pictures. */
async function told(scene: Scene, place: string, work: () => Promise<void>): Promise<void> {
  const begunMs = performance.now();
  await work().catch((error: unknown) => {
    failed.push(scene.name);
    process.stdout.write(`${scene.name}: ${String(error).split("\n").slice(0, 3).join(" ")}\n`);
  });
  process.stdout.write(`${place} ${scene.name} ${((performance.now() - begunMs) / 1000).toFixed(1)} s\n`);
}

async function take(shot: Shot): Promise<void> {
  const { page, scene, size, theme } = shot;
  const file = `${scene.name}-${size}-${theme}.jpg`;
  const shoot = () => page.screenshot({ path: join(folder, file), type: "jpeg", quality: 85 });
  await (scene.whole ? inWhole(page, shoot) : shoot());
  const faults = options.check ? (await faultsOf(shot)).map(({ sort, text }) => `${sort}: ${text}`) : [];
  for (const fault of faults) process.stdout.write(`  ${size}, ${theme}: ${fault}\n`);
  taken.push({ scene: scene.name, size, theme, file, faults });
}

/** `--only` as a pattern over the scenes' names, then `--part`. */
function chosen(list: readonly Scene[]): readonly Scene[] {
  const pattern = new RegExp(options.only);
  const [part = 1, parts = 1] = options.part.split("/").map(Number);
  return list.filter(({ name }) => pattern.test(name)).filter((_, index) => index % parts === part - 1);
}
