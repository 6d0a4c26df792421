import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { after, before, test } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { buildPage, openBrowser, temporaryFolder } from "./page-browser.ts";
import { camera, house, largeHouse, turned } from "./page-devices.ts";
import { type PageServerOptions, startPageServer } from "./page-server.ts";
import { startPageVideo } from "./page-video.ts";

const suite = new AsyncDisposableStack();
let context: BrowserContext;
let pageDir: string;

before(async () => {
  pageDir = suite.use(await temporaryFolder()).path;
  await buildPage(pageDir);
  const profile = suite.use(await temporaryFolder());
  context = suite.use(await openBrowser({ profileDir: profile.path, touch: true })).context;
});

after(() => suite.disposeAsync());

async function open(path: string, options: Partial<PageServerOptions> = {}) {
  const server = await startPageServer({ pageDir, devices: house(), ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto(new URL(path, server.url).href);
  const close = async () => {
    await page.close();
    await server[Symbol.asyncDispose]();
  };
  return { page, server, [Symbol.asyncDispose]: close };
}

/** Ids as they stand on the wall, by where they are seen. */
async function seen(page: Page): Promise<string[]> {
  const tiles = await page.locator("dw-wall .tile").evaluateAll((found) =>
    found.map((tile) => {
      const { left, top } = tile.getBoundingClientRect();
      return { id: (tile as HTMLElement).dataset.id ?? "", left, top };
    }),
  );
  return tiles.toSorted((a, b) => a.top - b.top || a.left - b.left).map(({ id }) => id);
}

/** Does something to the wall, until the hub has answered that it keeps it. */
async function kept(page: Page, change: () => Promise<void>): Promise<void> {
  const answer = page.waitForResponse(
    (response) => response.request().method() === "PATCH" && response.url().endsWith("/api/v1/wall"),
  );
  await change();
  await answer;
}

test("the wall is arranged by pointer, finger and keys, and the hub keeps it", async () => {
  await using opened = await open("/#/wall");
  const { page, server } = opened;
  await page.getByRole("button", { name: "Arrange" }).click();
  assert.deepEqual(await seen(page), ["front-door", "hall", "kitchen", "garage", "yard", "nursery"]);
  const at = async (name: string) => {
    const box = await page.getByRole("button", { name: `Move ${name}` }).boundingBox();
    return [(box?.x ?? 0) + 20, (box?.y ?? 0) + 20] as const;
  };
  await page.mouse.move(...(await at("Nursery")));
  await page.mouse.down();
  await page.mouse.move(...(await at("Hall")), { steps: 4 });
  await kept(page, () => page.mouse.up());
  assert.deepEqual(await seen(page), ["front-door", "nursery", "hall", "kitchen", "garage", "yard"]);
  assert.deepEqual(server.wall.order.slice(0, 2), ["front-door", "nursery"]);
  const touch = await context.newCDPSession(page);
  const finger = async (type: "touchStart" | "touchMove" | "touchEnd", name?: string) => {
    const [x, y] = name === undefined ? [] : await at(name);
    const touchPoints = x === undefined || y === undefined ? [] : [{ x, y }];
    await touch.send("Input.dispatchTouchEvent", { type, touchPoints });
  };
  await finger("touchStart", "Front door");
  await finger("touchMove", "Hall");
  await finger("touchEnd");
  assert.deepEqual((await seen(page)).slice(0, 3), ["nursery", "hall", "front-door"]);
  await page.getByRole("button", { name: "Move Yard" }).focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await page.getByText("Yard is number 2 of 6 now").waitFor({ state: "attached" });
  await kept(page, () => page.getByRole("button", { name: "Favourite: Kitchen" }).click());
  await page.getByRole("button", { name: "Done" }).click();
  const arranged = ["kitchen", "nursery", "yard", "hall", "front-door", "garage"];
  assert.deepEqual(await seen(page), arranged);
  await page.reload();
  await page.locator("dw-wall li").first().waitFor();
  assert.deepEqual(await seen(page), arranged);
});

test("a change that the hub does not keep is undone, and said", async () => {
  await using opened = await open("/#/wall", { devices: [camera("yard"), camera("hall")] });
  const { page } = opened;
  await page.route("**/api/v1/wall", (route) =>
    route.fulfill({ status: 503, contentType: "application/problem+json", body: '{"detail":"The disk is full."}' }),
  );
  await page.getByRole("button", { name: "Arrange" }).click();
  await page.getByRole("button", { name: "Favourite: Yard" }).click();
  await page.getByText("The disk is full.").waitFor();
  assert.deepEqual(await seen(page), ["hall", "yard"]);
});

test("where there are many cameras areas are headings, and one is found by name or area", async () => {
  await using opened = await open("/#/wall", { devices: largeHouse() });
  const { page } = opened;
  const headings = () => page.locator("dw-wall h2").allInnerTexts();
  await page.locator("dw-wall li").first().waitFor();
  assert.deepEqual(await headings(), ["Entrance", "Garden", "Upstairs", "Elsewhere"]);
  await page.getByLabel("Find a camera by its name or area").fill("garden 13");
  await page.getByText("1 of 16").waitFor();
  assert.deepEqual([await headings(), await seen(page)], [["Garden"], ["camera-13"]]);
  await page.keyboard.press("Escape");
  assert.equal((await seen(page)).length, 16);
});

test("one camera of the wall is heard at a time", async () => {
  await using opened = await open("/#/wall", { devices: [camera("yard"), camera("hall")] });
  const { page } = opened;
  const heard = () =>
    page
      .locator("dw-wall dw-player:not([muted])")
      .evaluateAll((found) => found.map((each) => each.getAttribute("label")));
  await page.getByRole("button", { name: "Sound of Yard" }).click();
  assert.deepEqual(await heard(), ["Yard"]);
  await page.getByRole("button", { name: "Sound of Hall" }).click();
  assert.deepEqual(await heard(), ["Hall"]);
  await page.keyboard.press("m");
  assert.deepEqual(await heard(), []);
});

/** How the picture is shown: its scale, and how far it was moved. */
async function shown(page: Page): Promise<readonly number[]> {
  const matrix = await page.locator("dw-camera video").evaluate((video) => getComputedStyle(video).transform);
  if (matrix === "none") return [1, 0, 0];
  const [scale, , , , x, y] = matrix.replace(/matrix\(|\)/g, "").split(", ");
  return [Math.round(Number(scale) * 100) / 100, Math.round(Number(x)), Math.round(Number(y))];
}

test("a picture is enlarged by wheel, fingers, a double tap and keys; a stroke turns to the next camera", async () => {
  await using opened = await open("/#/camera/hall", { devices: [camera("hall"), camera("yard")] });
  const { page } = opened;
  const box = await page.locator("dw-camera dw-player").boundingBox();
  const [x, y] = [(box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2];
  await page.mouse.move(x, y);
  await page.mouse.wheel(0, -100);
  assert.deepEqual(await shown(page), [1.4, 0, 0]);
  await page.mouse.down();
  await page.mouse.move(x + 50, y + 20);
  await page.mouse.up();
  assert.deepEqual(await shown(page), [1.4, 50, 20]);
  await page.keyboard.press("ArrowRight");
  assert.deepEqual(await shown(page), [1.4, -10, 20]);
  await page.getByRole("button", { name: "Whole picture" }).click();
  assert.deepEqual(await shown(page), [1, 0, 0]);
  await page.touchscreen.tap(x, y);
  await page.touchscreen.tap(x, y);
  assert.deepEqual(await shown(page), [2.5, 0, 0]);
  await page.keyboard.press("Escape");
  const touch = await context.newCDPSession(page);
  const fingers = (type: "touchStart" | "touchMove" | "touchEnd", ...at: number[]) =>
    touch.send("Input.dispatchTouchEvent", { type, touchPoints: at.map((px, id) => ({ x: px, y, id })) });
  await fingers("touchStart", x - 50, x + 50);
  await fingers("touchMove", x - 150, x + 150);
  await fingers("touchEnd");
  assert.deepEqual(await shown(page), [3, 0, 0]);
  await page.keyboard.press("0");
  await fingers("touchStart", x + 100);
  await fingers("touchMove", x - 100);
  await fingers("touchEnd");
  await page.waitForURL(/camera\/yard$/);
  await page.getByRole("heading", { name: "Yard" }).waitFor();
  await page.keyboard.press("ArrowLeft");
  await page.waitForURL(/camera\/hall$/);
});

test("a camera turns as long as a button is held, by whatever it is held", async () => {
  await using opened = await open("/#/wall", { devices: [turned("hall")] });
  const { page, server } = opened;
  const told: string[] = [];
  const over = new Set<unknown>();
  const heard = new EventEmitter();
  await page.route("**/ptz/*", async (route) => {
    const { hold, ...body } = (route.request().postDataJSON() ?? {}) as Record<string, unknown>;
    const what = `${new URL(route.request().url()).pathname.split("/").at(-1)} ${JSON.stringify(body)}`;
    // As the hub does: what overtook the end of its hold counts no more.
    if (told.at(-1) !== what && !over.has(hold)) told.push(what);
    if (what.startsWith("stop")) over.add(hold);
    await route.fulfill(
      what.startsWith("presets") ? { json: { presets: [{ token: "1", name: "Gate" }] } } : { status: 204 },
    );
    heard.emit("told");
  });
  const until = async (what: string) => {
    while (told.at(-1) !== what) await once(heard, "told");
  };
  await page.goto(new URL("/#/camera/hall", server.url).href);
  await page.getByRole("button", { name: "Turn", exact: true }).click();
  await page.getByRole("button", { name: "Turn left (hold)" }).hover();
  await page.mouse.down();
  await until('move {"pan":-0.6}');
  await page.mouse.up();
  await until("stop {}");
  await page.getByRole("button", { name: "Lens closer (hold)" }).focus();
  await page.keyboard.down("Enter");
  await until('move {"zoom":0.6}');
  await page.evaluate(() => window.dispatchEvent(new Event("blur")));
  await until("stop {}");
  await page.keyboard.up("Enter");
  await page.getByRole("button", { name: "Turn up (hold)" }).hover();
  await page.mouse.down();
  await until('move {"tilt":0.6}');
  await page.keyboard.press("Escape");
  await until("stop {}");
  await page.mouse.up();
  assert.deepEqual(told.slice(1), [
    'move {"pan":-0.6}',
    "stop {}",
    'move {"zoom":0.6}',
    "stop {}",
    'move {"tilt":0.6}',
    "stop {}",
  ]);
});

test("a screen that is locked to the panel is left by an administrator's password alone", async () => {
  await using opened = await open("/#/settings", { devices: [camera("yard")] });
  const { page, server } = opened;
  const stays = async () => {
    await page.locator("dw-panel dw-wall li").first().waitFor();
    assert.equal(new URL(page.url()).pathname, "/panel");
    assert.equal(await page.locator("dw-app nav").count(), 0);
  };
  await page.locator("dw-settings").waitFor();
  await page.goto(`${server.url}/panel`);
  await page.getByRole("button", { name: "Lock this screen" }).click();
  await page.getByRole("button", { name: "Leave the panel" }).waitFor();
  await page.goBack();
  await stays();
  for (const path of ["/", "/#/people", "/panel#/settings", "/panel#/edit/yard"]) {
    await page.goto(new URL(path, server.url).href);
    await stays();
  }
  await page.evaluate(() => {
    location.hash = "#/devices";
  });
  await page.reload();
  await stays();
  await page.getByRole("button", { name: "Leave the panel" }).click();
  await page.getByLabel("Administrator's name").fill("Anna");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Leave the panel" }).last().click();
  await page.getByText("Name and password do not fit.").waitFor();
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Leave the panel" }).last().click();
  await page.locator("dw-app nav").waitFor();
});

/** The contrast of the words of a screenshot, measured on its pixels: the ground is what most of them are. */
async function contrastOf(page: Page, png: Buffer): Promise<number> {
  return await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    if (!context) return 0;
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    const part = (value: number) => (value <= 10.31 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    const lights: number[] = [];
    for (let at = 0; at < data.length; at += 4) {
      const [r = 0, g = 0, b = 0] = data.subarray(at, at + 3);
      lights.push(0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b));
    }
    lights.sort((a, b) => a - b);
    const ground = lights[Math.floor(lights.length / 2)] ?? 0;
    const word = lights.at(-1) ?? 0;
    return (word + 0.05) / (ground + 0.05);
  }, png.toString("base64"));
}

test("words over a picture can be read, be it white or black", async () => {
  await using opened = await open("/#/wall", { devices: [camera("hall")] });
  const { page } = opened;
  for (const ground of ["#fff", "#000"]) {
    await page.locator("dw-wall dw-player video").evaluate((video: HTMLElement, colour) => {
      video.style.setProperty("background", colour);
      video.style.setProperty("filter", "none");
    }, ground);
    for (const words of [".name", ".state"]) {
      const contrast = await contrastOf(page, await page.locator(`dw-wall dw-player ${words}`).screenshot());
      assert.ok(contrast >= 4.5, `${words} on ${ground}: ${contrast.toFixed(1)}`);
    }
  }
});

test("the last picture of a camera that is away stands there greyed, with its age, and words over it can be read", async () => {
  const white =
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="9"><rect width="16" height="9" fill="#fff"/></svg>';
  const headers = { "content-type": "image/svg+xml", "doorward-age-ms": `${5 * 60_000}` };
  await context.route("**/snapshot?kept=true", (route) => route.fulfill({ body: white, headers }));
  const state = { phase: "trouble", sinceMs: Date.now(), retryAtMs: Date.now() + 60_000 } as const;
  const lastPicture = { takenMs: Date.now() - 5 * 60_000 };
  await using opened = await open("/#/wall", {
    devices: [camera("hall", { state, lastPicture }), camera("yard", { state })],
  });
  const { page, server } = opened;
  const hall = page.locator('dw-wall dw-player[label="Hall"]');
  await hall.locator(".age").getByText("Its last picture, 5 min old").waitFor();
  assert.match(await hall.locator("img.last").evaluate((image) => getComputedStyle(image).filter), /grayscale/);
  for (const words of [".age", ".why p:first-child"]) {
    const contrast = await contrastOf(page, await hall.locator(words).screenshot());
    assert.ok(contrast >= 4.5, `${words}: ${contrast.toFixed(1)}`);
  }
  assert.equal(await page.locator("dw-wall img.last").count(), 1, "nothing is asked for where nothing is kept");
  server.change("hall", { state: { phase: "disabled", sinceMs: Date.now() } });
  await hall.locator("img.last").waitFor({ state: "detached" });
  await context.unroute("**/snapshot?kept=true");
});

/** The picture in a camera's tile: its own shape, its box on the screen and how it lies in that. */
function drawn(page: Page, id: string) {
  return page.locator(`dw-wall .tile[data-id="${id}"] dw-player video`).evaluate((video: HTMLVideoElement) => {
    const { width, height } = video.getBoundingClientRect();
    const tile = (video.getRootNode() as ShadowRoot).host.getBoundingClientRect();
    return {
      picture: [video.videoWidth, video.videoHeight],
      fit: getComputedStyle(video).objectFit,
      fillsTile: Math.abs(width - tile.width) < 1 && Math.abs(height - tile.height) < 1,
      tileRatio: tile.width / tile.height,
    };
  });
}

test("an upright camera is shown whole on the wall, and a lying one fills its tile", { timeout: 30_000 }, async () => {
  await using video = await startPageVideo({ cameras: 1, widthPx: 640, upright: true });
  const devices = [camera("front-door"), camera("upright")];
  await using stage = await open("/#/wall", { devices, view: (id, offer) => video.view(id, offer) });
  const { page } = stage;
  for (const { id } of devices)
    await page.locator(`dw-wall .tile[data-id="${id}"] dw-player .state`).getByText("Live").waitFor();
  await page.locator('dw-wall .tile[data-id="upright"] dw-player[whole]').waitFor();
  const upright = await drawn(page, "upright");
  assert.ok(upright.tileRatio > 1, `the tile lies: ${upright.tileRatio}`);
  assert.deepEqual(
    { ...upright, tileRatio: 0 },
    { picture: [360, 640], fit: "contain", fillsTile: true, tileRatio: 0 },
    "contained, so that nothing of it is cut off",
  );
  assert.deepEqual(
    { ...(await drawn(page, "front-door")), tileRatio: 0 },
    { picture: [640, 360], fit: "cover", fillsTile: true, tileRatio: 0 },
  );
});
