/** Where something is wrong, and what: `file` is "doorward.yaml:12", empty where it is not said. */
export interface FaultPlace {
  readonly file: string;
  readonly words: string;
}

/** How many places are shown before somebody asks for all. */
const atFirst = 3;

/** A place as the hub says it ("doorward.yaml:12: devices.yard: there is no such setting"), in its two parts. */
export function placeOf(said: string): FaultPlace {
  const [, file = "", words = said] = /^([^\s:]+:\d+): (.+)$/s.exec(said) ?? [];
  return { file, words };
}

/** What is shown at first of many places, and what only then; one more is no reason to hide it. */
export function splitPlaces(places: readonly string[]): {
  readonly first: readonly FaultPlace[];
  readonly more: readonly FaultPlace[];
} {
  const all = places.map(placeOf);
  const shown = all.length === atFirst + 1 ? all.length : atFirst;
  return { first: all.slice(0, shown), more: all.slice(shown) };
}
