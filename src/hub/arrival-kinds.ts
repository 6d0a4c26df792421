import type { Can } from "./abilities.ts";

/**
 * How a device may come that calls the hub: its word in `arrives:`, and what comes that way. The one place where a kind is
 * added; schema, API, form and docs are made of it, and the surface that lets it in names its word (`reception.admit`).
 */
export const arrivalKinds = {
  whip: "OBS, GStreamer and browsers that publish picture and sound",
  agent: "a camera agent, which sends its picture out through any router",
  page: "a browser that is a station in a room",
  "room-web": "a browser or program that speaks as the room intercom's own clients do",
  room: "a room station: its button, microphone and loudspeaker",
  door: "a door station (bell, microphone, loudspeaker) by JSON lines",
} as const satisfies Readonly<Record<string, string>>;

/** One of {@link arrivalKinds}. */
export type ArrivalKind = keyof typeof arrivalKinds;

/** What is sure of every device that comes so. */
export const arrivalAbilities: Readonly<Record<ArrivalKind, Partial<Can>>> = {
  whip: { talk: "no" },
  agent: {},
  page: { view: "no", listen: "yes", talk: "yes" },
  "room-web": { view: "no", listen: "yes", talk: "yes" },
  room: { view: "no", listen: "yes", talk: "yes" },
  door: { view: "no", listen: "yes", talk: "yes", ring: "yes" },
};

/** Their words. */
export const arrivalWords = Object.keys(arrivalKinds) as readonly ArrivalKind[];

/** All of them in one sentence. */
export const arrivalSentence = Object.entries(arrivalKinds)
  .map(([kind, what]) => `${kind} for ${what}`)
  .join(", ");

/** True for the word of a kind. */
export function isArrivalKind(word: string): word is ArrivalKind {
  return Object.hasOwn(arrivalKinds, word);
}
