// What the parts of bench/use.ts measure by.
import { setTimeout as wait } from "node:timers/promises";
import type { Locator } from "playwright-core";
import { round } from "./figures.ts";
import type { BenchRow } from "./result.ts";

const live = '[data-tone="live"]';
/** A live picture on the wall. */
export const onWall = `dw-wall dw-player${live}`;
/** The live picture of a camera's own page. */
export const onCamera = `dw-camera dw-player${live}`;

/** A figure beside the one that was measured first: it may be a tenth worse. `was` of a range is its slower end. */
export function beside(
  what: string,
  now: { readonly value: number; readonly unit: string; readonly was: number },
): BenchRow {
  const { value, unit, was } = now;
  const reach = round(was * 1.1, 2);
  return { what: `${what} (was ${was} ${unit})`, value: round(value, 2), unit, reach, ok: value <= reach };
}

/** Seconds beside what they were. */
export const seconds = (what: string, value: number, was: number) => beside(what, { value, unit: "s", was });

/** How long it takes, in seconds. */
export async function timed(act: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await act();
  return (performance.now() - beganMs) / 1000;
}

const lookEveryMs = 15;
const mostMs = 30_000;

/** Waits until the element is seen, or until it is not: Playwright's own waiting looks only twice a second after the first one. */
export async function untilSeen(
  element: Locator,
  options: { readonly gone?: boolean; readonly withinMs?: number } = {},
): Promise<void> {
  const { gone = false, withinMs = mostMs } = options;
  for (const endMs = performance.now() + withinMs; (await element.isVisible()) === gone; await wait(lookEveryMs)) {
    if (performance.now() > endMs)
      throw new Error(`after ${withinMs} ms still ${gone ? "there" : "not there"}: ${element}`);
  }
}
