import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { setTimeout as wait } from "node:timers/promises";
import type { CDPSession, Page } from "playwright-core";
import { percentile, round } from "./figures.ts";
import type { BenchResult, BenchRow } from "./result.ts";
import { crowd } from "./use-crowd.ts";
import { onCamera, onWall, seconds, timed, untilSeen } from "./use-figures.ts";
import { openUseHouse, type UseHouse } from "./use-house.ts";

/** All of the walk, in this order; each part leaves the house as it was. */
export const parts: Readonly<Record<string, (house: UseHouse) => Promise<readonly BenchRow[]>>> = {
  "set-up": setUp,
  wall,
  talk,
  weight,
  "slow net": slowNet,
  snapshots,
  faults,
  trouble,
  // While the hub that has run all the time still does: what is compiled as it runs takes a minute.
  crowd,
  restart,
};

/** What it is to use the page: how soon it shows, speaks and recovers, and what that costs, beside what it was at first. */
export async function run(): Promise<BenchResult> {
  await using house = await openUseHouse();
  const rows: BenchRow[] = [seconds("start of the hub until it answers", house.hub.startMs / 1000, 1.7)];
  for (const [name, part] of Object.entries(parts)) {
    try {
      rows.push(...(await part(house)));
    } catch (error) {
      // The other parts still tell something.
      rows.push({ what: `${name}: ${String(error).split("\n", 1)[0]}`, value: Number.NaN, unit: "", ok: false });
    }
  }
  return { name: "use", rows };
}

async function setUp(house: UseHouse): Promise<readonly BenchRow[]> {
  const page = await house.open(`/#/setup?code=${await house.code()}`);
  await page.getByLabel("Your name").fill("Anna");
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Go on" }).click();
  const done = page.getByRole("button", { name: "Done" });
  await done.waitFor();
  const took = await timed(async () => {
    await done.click();
    await untilSeen(page.locator(onWall).first());
  });
  await page.close();
  return [seconds('set-up "Done" to the first live picture', took, 0.94)];
}

async function wall(house: UseHouse): Promise<readonly BenchRow[]> {
  const page = await house.open("about:blank");
  const loads: { readonly shown: number; readonly first: number }[] = [];
  for (let n = 0; n < 3; n++) {
    await page.goto("about:blank");
    const beganMs = performance.now();
    const since = () => (performance.now() - beganMs) / 1000;
    const going = page.goto(`${house.hub.url}#/wall`);
    await untilSeen(page.locator("dw-wall li").first());
    const shown = since();
    await untilSeen(page.locator(onWall).first());
    loads.push({ shown, first: since() });
    await going;
  }
  const clicks: number[] = [];
  for (let n = 0; n < 3; n++) {
    await page.locator('dw-wall li[data-id="front"] a').first().waitFor();
    await page.locator(onWall).first().waitFor();
    clicks.push(
      await timed(async () => {
        await page.locator('dw-wall li[data-id="front"] a').first().click();
        await untilSeen(page.locator(onCamera));
      }),
    );
    await page.goto(`${house.hub.url}#/wall`);
  }
  await page.close();
  const median = (values: readonly number[]) => percentile(values, 50);
  return [
    seconds("wall of 5: page load to its tiles", median(loads.map(({ shown }) => shown)), 0.61),
    seconds("wall of 5: page load to the first live picture", median(loads.map(({ first }) => first)), 1.67),
    seconds("click on a tile to its page live", median(clicks), 0.61),
  ];
}

/** From the key's press until the bar says "Speak now". */
async function press(page: Page): Promise<number> {
  const took = await timed(async () => {
    await page.keyboard.down(" ");
    const granted = page.locator("dw-talk .text").getByText("Speak now");
    await untilSeen(granted, { withinMs: 15_000 }).catch(async () => {
      throw new Error(`not granted: the bar says "${await page.locator("dw-talk .words").innerText()}"`);
    });
  });
  await page.keyboard.up(" ");
  await page.locator("dw-talk .text").getByText("Hold to talk").waitFor();
  return took;
}

async function talk(house: UseHouse): Promise<readonly BenchRow[]> {
  const page = await house.open("/#/camera/front");
  await page.locator(onCamera).waitFor();
  await page.locator("dw-talk .text").getByText("Hold to talk").waitFor();
  const first = await press(page);
  const others: number[] = [];
  for (let n = 0; n < 8; n++) others.push(await press(page));
  await page.close();
  return [
    seconds('first press to "Speak now"', first, 0.29),
    seconds('later presses to "Speak now", median', percentile(others, 50), 0.5),
  ];
}

/** DevTools of a page: nothing comes out of a cache. */
async function uncached(house: UseHouse, page: Page): Promise<CDPSession> {
  const devtools = await house.context.newCDPSession(page);
  await devtools.send("Network.enable");
  await devtools.send("Network.setCacheDisabled", { cacheDisabled: true });
  await devtools.send("Network.setBypassServiceWorker", { bypass: true });
  return devtools;
}

async function weight(house: UseHouse): Promise<readonly BenchRow[]> {
  const page = await house.open("about:blank");
  const devtools = await uncached(house, page);
  let bytes = 0;
  let requests = 0;
  devtools.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
    requests++;
  });
  await page.goto(`${house.hub.url}#/wall`, { waitUntil: "networkidle" });
  await page.locator(onWall).nth(4).waitFor();
  await page.close();
  return [
    // What it may weigh today, not what it did.
    {
      what: "weight of the wall (was 157 kB)",
      value: round(bytes / 1000, 0),
      unit: "kB",
      reach: 220,
      ok: bytes <= 220_000,
    },
    { what: "requests of the wall (was 13 with 4 pictures)", value: requests, unit: "" },
  ];
}

async function slowNet(house: UseHouse): Promise<readonly BenchRow[]> {
  const page = await house.open("about:blank");
  const devtools = await uncached(house, page);
  const bytesPerSecond = 400_000 / 8;
  const speed = { downloadThroughput: bytesPerSecond, uploadThroughput: bytesPerSecond };
  await devtools.send("Network.emulateNetworkConditions", { offline: false, latency: 400, ...speed });
  const beganMs = performance.now();
  const since = () => (performance.now() - beganMs) / 1000;
  await page.goto(`${house.hub.url}#/camera/front`, { waitUntil: "commit" });
  await untilSeen(page.locator("dw-camera h1"));
  const shown = since();
  await untilSeen(page.locator(onCamera));
  const first = since();
  await page.locator("dw-talk .text").getByText("Hold to talk").waitFor();
  const talked = await press(page).catch(() => Number.NaN);
  await page.close();
  return [
    seconds("slow net (400 kbit/s, 400 ms): the page", shown, 3.9),
    seconds("slow net: the first live picture", first, 10),
    seconds('slow net: press to "Speak now"', talked, 1.1),
  ];
}

async function snapshots(house: UseHouse): Promise<readonly BenchRow[]> {
  await house.furnish(4, { h265: true });
  const page = await house.open("/#/wall");
  await page.locator('dw-wall li[data-id="new"]').waitFor();
  const ask = async (id: string): Promise<number> => {
    const get = () => page.request.get(`${house.hub.url}api/v1/devices/${id}/snapshot`);
    await get(); // the camera is there
    await wait(1100); // another picture is made after a second
    return timed(async () => {
      const answer = await get();
      if (!answer.ok()) throw new Error(`${answer.status()} ${await answer.text()}`);
    });
  };
  const rows = [
    seconds("snapshot of an H.264 camera", await ask("front"), 0.18),
    seconds("snapshot of an H.265 camera", await ask("new"), 0.12),
  ];
  await house.furnish(4);
  await page.close();
  return rows;
}

/** Serious and critical faults that axe-core finds. */
async function faults(house: UseHouse): Promise<readonly BenchRow[]> {
  const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  const page = await house.open("/#/wall");
  let count = 0;
  for (const screen of ["wall", "camera/front", "devices", "people", "events", "calls", "settings", "help"]) {
    await page.goto(`${house.hub.url}#/${screen}`, { waitUntil: "networkidle" });
    await page.evaluate(axe);
    const impacts = await page.evaluate(async () => {
      const { axe: tool } = window as unknown as { axe: { run(): Promise<{ violations: { impact: string }[] }> } };
      return (await tool.run()).violations.map(({ impact }) => impact);
    });
    count += impacts.filter((impact) => impact === "serious" || impact === "critical").length;
  }
  await page.close();
  return [{ what: "axe-core: serious faults on 8 screens (was 0)", value: count, unit: "", reach: 0, ok: count === 0 }];
}

/** Lets a page believe that it is hidden, or seen again. */
function hide(page: Page, hidden: boolean): Promise<void> {
  return page.evaluate((is) => {
    Object.defineProperty(document, "hidden", { value: is, configurable: true });
    Object.defineProperty(document, "visibilityState", { value: is ? "hidden" : "visible", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

/** A camera that hangs; then, at the same time, one that is away for 30 s and a tab that is hidden for 35 s. */
async function trouble(house: UseHouse): Promise<readonly BenchRow[]> {
  const page = await house.open("/#/camera/front");
  const tab = await house.open("/#/wall");
  await page.locator(onCamera).waitFor();
  await tab.locator(onWall).nth(4).waitFor();
  // A browser draws a page behind another one once a second: nobody looks at that.
  await page.bringToFront();
  process.kill(house.front.pid, "SIGSTOP");
  const said = await timed(() => untilSeen(page.locator(onCamera), { gone: true }));
  await wait(2000);
  process.kill(house.front.pid, "SIGCONT");
  const back = await timed(() => untilSeen(page.locator(onCamera)));
  await house.frontOff();
  await hide(tab, true);
  await wait(30_000);
  await house.frontOn();
  const returned = await timed(() => untilSeen(page.locator(onCamera)));
  await wait(Math.max(0, 5000 - returned * 1000));
  await tab.bringToFront();
  await hide(tab, false);
  const seen = await timed(() => untilSeen(tab.locator(onWall).nth(3)));
  await page.close();
  await tab.close();
  return [
    seconds("a camera hangs: until it is said", said, 2.7),
    seconds("a camera that hung goes on: until it is live", back, 4.4),
    seconds("a camera is back after 30 s: until it is live", returned, 25),
    seconds("a tab is seen again after 35 s: until it is live", seen, 0.58),
  ];
}

async function restart(house: UseHouse): Promise<readonly BenchRow[]> {
  await house.furnish(4);
  const page = await house.open("/#/wall");
  await page.locator(onWall).nth(4).waitFor();
  await house.restartHub();
  const back = await timed(async () => {
    await untilSeen(page.getByText("The hub does not answer; trying again."), { gone: true });
    await untilSeen(page.locator(onWall).nth(4));
  });
  await page.close();
  return [seconds("the hub was started again: until all pictures are back", back, 6)];
}
