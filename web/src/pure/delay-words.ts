import type { TrackInfo } from "../../../src/hub/state.ts";
import { t } from "../language/t.ts";
import { howLong } from "./words.ts";

/** A row about a picture's delay: named after where it is counted from. */
export interface DelayRow {
  readonly name: string;
  readonly value: string;
  /** Why it is not counted from the camera, where its clock is to blame. */
  readonly note?: string;
}

/** Less than this later than at its best is nothing that a person has to know. */
const notableMs = 30;

/**
 * The delay of a picture: from the camera, by its clock, where that says when a picture was taken; else from the hub, and
 * called so. `fromHubMs` is what this browser can tell of the way from the hub to its screen.
 */
export function sayDelay(toHub: TrackInfo["delay"], fromHubMs: number | undefined): DelayRow {
  const value = (ms: number) =>
    fromHubMs === undefined ? "–" : t("about {count} ms", { count: Math.max(1, Math.round(ms + fromHubMs)) });
  if (toHub?.by === "camera-clock") return { name: t("Delay from the camera, by its clock"), value: value(toHub.ms) };
  const name = t("Delay from the hub");
  if (!toHub) return { name, value: value(0) };
  const time = howLong(Math.abs(toHub.offByMs));
  const off =
    toHub.offByMs > 0
      ? t("It is {time} behind: how long a picture takes to the hub cannot be told.", { time })
      : t("It is {time} ahead: how long a picture takes to the hub cannot be told.", { time });
  const more = t("Now it takes {count} ms longer than at its best.", { count: toHub.overBestMs });
  return { name, value: value(0), note: toHub.overBestMs < notableMs ? off : `${off} ${more}` };
}
