import { Histogram } from "../util/histogram.ts";

/** How a talker took the floor: by asking for it (holding a button), or by being heard. */
export type TalkBy = "hold" | "sound";

/** How long the hub takes for what people wait for: read by whoever shows its numbers. */
export class HubTimes {
  /** From a live talk's start at the hub until its first sample was handed to a speaker's device. */
  readonly talk: Readonly<Record<TalkBy, Histogram>> = { hold: new Histogram(soon), sound: new Histogram(soon) };
  /** From a ring at the hub until the first page or program was told of its call. */
  readonly ringToEvent = new Histogram([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1]);
  /** From a viewer's offer at the hub until the first packet of picture or sound had left for them. */
  readonly offerToFrame = new Histogram([0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10]);
}

/** 200 ms is what is aimed at for a device that is connected. */
const soon = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5];
