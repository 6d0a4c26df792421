// The walls of bench/use.ts: what they cost, in the order in which they grow.
import { setTimeout as wait } from "node:timers/promises";
import type { Page } from "playwright-core";
import { browserPid } from "./browser.ts";
import { cpuShare, familyOf, rssMb } from "./process-figures.ts";
import type { BenchRow } from "./result.ts";
import { beside, onWall, seconds, untilSeen } from "./use-figures.ts";
import type { UseHouse } from "./use-house.ts";

const sampleMs = 8000;

const crowds = [
  { cameras: 4, hub: 4, rss: 257, browser: 24 },
  { cameras: 9, hub: 7, rss: 269, browser: 48 },
  { cameras: 16, hub: 10, rss: 291, browser: 54 },
  { cameras: 40, hub: 20, rss: 466, browser: 122 },
] as const;

/** What walls cost, in the order in which they grow. */
export async function crowd(house: UseHouse): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  // What made pictures for the parts before ends when nobody has asked for 30 s.
  await wait(32_000);
  for (const was of crowds) {
    const { cameras } = was;
    await house.furnish(cameras - 1);
    const page = await house.open("about:blank");
    const beganMs = performance.now();
    const since = () => (performance.now() - beganMs) / 1000;
    await page.goto(`${house.hub.url}#/wall`);
    await page
      .locator("dw-wall li dw-player")
      .nth(cameras - 1)
      .waitFor({ state: "attached" });
    await untilSeen(page.locator(onWall).first());
    const first = since();
    // Those beyond the edge of the screen are not asked for.
    const last = page.locator(onWall).nth(cameras - 1);
    const all = await untilSeen(last, { withinMs: 8000 }).then(since, () => Number.NaN);
    if (cameras === 16) {
      rows.push(seconds("wall of 16: the first live picture", first, 1.5));
      rows.push(seconds("wall of 16: all live", all, 2.3));
    }
    await wait(3000);
    rows.push(...(await costs(house, { page, was })));
    await page.close();
  }
  return rows;
}

async function costs(
  house: UseHouse,
  { page, was }: { readonly page: Page; readonly was: (typeof crowds)[number] },
): Promise<readonly BenchRow[]> {
  const { pid } = house.hub;
  const shown = await page.locator(onWall).count();
  const [hub, browser] = await Promise.all([cpuShare([pid], sampleMs), cpuShare([browserPid()], sampleMs)]);
  const rss = familyOf(pid).reduce((sum, one) => sum + rssMb(one), 0);
  const of = `wall of ${was.cameras} (${shown} live)`;
  return [
    beside(`${of}: CPU of the hub`, { value: hub, unit: "%", was: was.hub }),
    beside(`${of}: memory of the hub`, { value: rss, unit: "MB", was: was.rss }),
    beside(`${of}: CPU of the browser`, { value: browser, unit: "%", was: was.browser }),
  ];
}
