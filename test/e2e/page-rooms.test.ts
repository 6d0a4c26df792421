import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { until } from "./hub-rig.ts";
import { buildPage, openBrowser, temporaryFolder } from "./page-browser.ts";
import { house, rooms } from "./page-devices.ts";
import { type PageServer, type PageServerOptions, startPageServer } from "./page-server.ts";
import { type PageVideo, startPageVideo } from "./page-video.ts";

const suite = new AsyncDisposableStack();
let dist: string;
let video: PageVideo;
let context: Awaited<ReturnType<typeof openBrowser>>["context"];

before(async () => {
  dist = suite.use(await temporaryFolder()).path;
  await buildPage(dist);
  const profile = suite.use(await temporaryFolder());
  video = suite.use(await startPageVideo());
  context = suite.use(await openBrowser({ profileDir: profile.path })).context;
});

after(() => suite.disposeAsync());

/** A page at `path` of a hub with cameras and rooms that grants every turn; one of the rooms is offline. */
async function open(path: string, options: Partial<PageServerOptions> = {}) {
  const server = await startPageServer({
    pageDir: dist,
    devices: [...house().slice(0, 2), ...rooms()],
    view: (id, offer) => video.view(id, offer),
    onMessage: (message, tell) => {
      if (message.type !== "talk-take") return;
      const hearing = [
        { deviceId: "living-room", state: "playing" },
        { deviceId: "workshop", state: "failed", code: "offline" },
      ] as const;
      tell({ type: "talk", turn: message.turn, state: "granted", hearing });
    },
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(new URL(path, server.url).href);
  const close = async () => {
    await page.close();
    await server[Symbol.asyncDispose]();
  };
  return { page, server, [Symbol.asyncDispose]: close };
}

const taken = (server: PageServer) => server.received.filter((message) => message.type === "talk-take");
const released = (server: PageServer) => server.received.filter(({ type }) => type === "talk-release").length;

async function press(page: Page, selector: string): Promise<void> {
  const box = await page.locator(selector).boundingBox();
  assert.ok(box, selector);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
}

const says = (page: Page, words: string | RegExp) => page.locator("dw-talk .words").getByText(words).first().waitFor();

describe("rooms on the page", { timeout: 120_000 }, () => {
  it("stand beside the cameras and say what they do, in words", async () => {
    await using opened = await open("/#/wall");
    const { page } = opened;
    const said = async (id: string) => (await page.locator(`dw-wall [data-id="${id}"] .said`).innerText()).trim();
    await page.locator("dw-wall .room").first().waitFor();
    assert.match(await said("dining-room"), /^Ben is speaking\s+0:\d\d$/);
    assert.match(await said("living-room"), /^here/);
    assert.match(await said("office"), /^do not disturb/);
    assert.match(await said("guest-room"), /^muted/);
    assert.match(await said("workshop"), /^away for 1 h/);
  });

  it("are spoken to while their tile is held, with the mouse and with the space bar", async () => {
    await using opened = await open("/#/wall");
    const { page, server } = opened;
    await press(page, 'dw-wall [data-id="living-room"] .ptt');
    await says(page, "Speak now");
    assert.deepEqual(taken(server).at(-1)?.to, ["device:living-room"]);
    await page.mouse.up();
    await says(page, "Hold to talk");
    await page.locator('dw-wall [data-id="workshop"] .ptt').focus();
    await page.keyboard.down(" ");
    await says(page, "Speak now");
    assert.deepEqual(taken(server).at(-1)?.to, ["device:workshop"]);
    await page.keyboard.up(" ");
    await says(page, "Hold to talk");
    assert.equal(released(server), 2);
  });

  it("tell who had heard it, afterwards and among the last talks", async () => {
    await using opened = await open("/#/wall");
    const { page, server } = opened;
    await page.locator("dw-wall select").selectOption("all");
    await press(page, "dw-talk .hold");
    await says(page, "Speak now");
    const holder = { turnId: "own", name: "Anna", priority: 0, sinceMs: Date.now() } as const;
    const before = server.devices.get("living-room");
    assert.ok(before?.speaker);
    server.change("living-room", { speaker: { ...before.speaker, holder } });
    await page.locator('dw-wall [data-id="living-room"]').getByText("you are speaking").waitFor();
    await page.mouse.up();
    await says(page, /^Heard by 1 of 2: Workshop is offline \(0:0\d\)$/);
    server.change("living-room", { speaker: before.speaker });
    await page.getByRole("button", { name: "Last talks" }).click();
    const talks = page.locator("dw-talks li");
    await talks.getByText("Heard by 1 of 2: Workshop is offline").waitFor();
    assert.match(await talks.filter({ hasText: "Anna" }).innerText(), /Anna to Living room/);
  });

  it("are spoken to in an emergency only by a hold of one second, for as long as it is held", async () => {
    await using opened = await open("/#/room/living-room");
    const { page, server } = opened;
    await press(page, "dw-guard button");
    await page.mouse.up();
    await press(page, "dw-guard button");
    await says(page, "Emergency: speak now");
    assert.deepEqual(
      taken(server).map(({ priority }) => priority),
      [2],
    );
    await page.mouse.up();
    await says(page, "Hold to talk");
    // Who cannot hold presses twice.
    const press2 = () => page.locator("dw-guard button").evaluate((button: HTMLElement) => button.click());
    await until("the press counts as a click", async () => {
      await press2();
      return (await page.locator("dw-guard .hint").innerText()) === "press again";
    });
    await press2();
    await says(page, "Emergency: speak now");
    await page.getByRole("button", { name: "Stop" }).click();
    await says(page, "Hold to talk");
  });

  it("that somebody rings are named, with who it is, until the chime is over", async () => {
    await using opened = await open("/#/wall");
    const { page, server } = opened;
    await page.locator("dw-wall").waitFor();
    const ring = { id: 7, caller: "Anna", deviceIds: ["living-room", "workshop"], chime: "doorbell", atMs: 0 };
    server.tell({ type: "ring", ring });
    server.tell({ type: "ring", ring: { ...ring, id: 8, callId: "shown-by-itself" } });
    const notice = page.getByText("Anna rings at Living room and Workshop");
    await notice.waitFor();
    assert.equal(await notice.count(), 1);
    server.tell({ type: "ring-over", id: 7 });
    await notice.waitFor({ state: "detached" });
  });

  it("are rung, told a text and played a chime; chimes are added and deleted", async () => {
    await using opened = await open("/#/room/living-room");
    const { page, server } = opened;
    await page.getByRole("button", { name: "Ring or announce" }).click();
    await page.getByLabel("Chime").selectOption("Gong");
    await page.getByRole("button", { name: "Ring", exact: true }).click();
    await page.getByText("It rings now: Living room.").waitFor();
    await page.getByRole("button", { name: "Only play it" }).click();
    await page.getByText("It is played now: Living room.").waitFor();
    await page.getByLabel("Announce a text").fill("Dinner is ready");
    await page.keyboard.press("Enter");
    await page.getByText("It is said now: Living room.").waitFor();
    const to = ["device:living-room"];
    assert.deepEqual(server.said, [
      { to, chime: "Gong" },
      { to, chime: "Gong" },
      { to, text: "Dinner is ready" },
    ]);
    await page.getByRole("button", { name: "Add or delete chimes" }).click();
    await page.getByRole("button", { name: "Delete Birthday" }).click();
    await page.getByText("Birthday was deleted.").waitFor();
    const file = { name: "own.wav", mimeType: "audio/wav", buffer: Buffer.from("RIFF") };
    await page.getByLabel("A sound of your own").setInputFiles(file);
    await page.getByLabel("Name").fill("Own");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByText("Own was added.").waitFor();
    assert.ok(server.chimes.some(({ name }) => name === "Own"));
  });

  it("are muted, made loud and left in peace by who looks after them", async () => {
    await using opened = await open("/#/wall");
    const { page, server } = opened;
    await page.getByRole("button", { name: "More about Living room" }).click();
    await page.getByRole("button", { name: "Mute" }).click();
    await until("it is muted", async () => "muted" in (server.devices.get("living-room") ?? {}));
    await page.getByLabel("Loudness").fill("0.5");
    await until("it is softer", async () => (server.devices.get("living-room") as { volume?: number }).volume === 0.5);
    await page.getByRole("button", { name: "Do not disturb" }).click();
    await until("it is left in peace", async () => "doNotDisturb" in (server.devices.get("living-room") ?? {}));
    await page.getByRole("link", { name: "Open Living room" }).click();
    await page.waitForURL(/#\/room\/living-room$/);
    await page.locator("dw-room").waitFor();
  });

  it("have a page of their own wherever one comes from", async () => {
    await using opened = await open("/#/camera/office");
    await opened.page.locator("dw-room").getByText("Only emergencies are heard there.").waitFor();
  });
});

describe("a talk ends", { timeout: 120_000 }, () => {
  const ways: readonly {
    readonly by: string;
    readonly act: (page: Page) => Promise<unknown>;
    readonly words: string;
  }[] = [
    {
      by: "when the pointer is taken away",
      act: (page) => page.locator("dw-talk .hold").dispatchEvent("pointercancel"),
      words: "Hold to talk",
    },
    {
      by: "when the window loses the focus",
      act: (page) => page.evaluate(() => window.dispatchEvent(new Event("blur"))),
      words: "Hold to talk",
    },
    {
      by: "when the page is hidden",
      act: (page) =>
        page.evaluate(() => {
          Object.defineProperty(document, "hidden", { value: true, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }),
      words: "Hold to talk",
    },
    {
      by: "when the microphone is unplugged or no longer allowed",
      act: (page) =>
        page.evaluate(() => {
          const [track] = (window as unknown as { tracks: MediaStreamTrack[] }).tracks;
          track?.stop();
          track?.dispatchEvent(new Event("ended"));
        }),
      words: "The microphone is gone",
    },
    {
      by: "when the capture of the pointer is lost",
      act: (page) => page.locator("dw-talk .hold").dispatchEvent("lostpointercapture"),
      words: "Hold to talk",
    },
  ];
  for (const { by, act, words } of ways) {
    it(by, async () => {
      await using opened = await open("/#/room/living-room");
      const { page, server } = opened;
      await page.evaluate(() => {
        const tracks: MediaStreamTrack[] = [];
        Object.assign(window, { tracks });
        const { mediaDevices } = navigator;
        const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
        mediaDevices.getUserMedia = async (constraints) => {
          const stream = await getUserMedia(constraints);
          tracks.push(...stream.getAudioTracks());
          return stream;
        };
      });
      await press(page, "dw-talk .hold");
      await says(page, "Speak now");
      await act(page);
      await says(page, words);
      await until("the hub is told", async () => released(server) === 1);
      await page.mouse.up();
    });
  }
});

describe("an emergency is not called", { timeout: 60_000 }, () => {
  for (const [by, act] of [
    ["a pointer that is taken away", (page: Page) => page.locator("dw-guard button").dispatchEvent("pointercancel")],
    ["a window that loses the focus", (page: Page) => page.evaluate(() => window.dispatchEvent(new Event("blur")))],
    [
      "a page that is hidden",
      (page: Page) =>
        page.evaluate(() => {
          Object.defineProperty(document, "hidden", { value: true, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }),
    ],
  ] as const) {
    it(`by ${by} before the second is over`, async () => {
      await using opened = await open("/#/room/living-room");
      const { page, server } = opened;
      await press(page, "dw-guard button");
      await act(page);
      await page.waitForTimeout(1300);
      assert.equal(taken(server).length, 0);
      await page.mouse.up();
    });
  }
});
