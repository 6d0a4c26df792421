import type { ProblemFields } from "../../../src/surfaces/problem.ts";

/** A refusal of the hub, as far as words are made of it. */
export interface Refused {
  readonly code: string;
  readonly status: number;
  readonly fields: ProblemFields;
}

/** What the hub refuses and what is the matter with devices, in another language than the hub's. */
export interface HubWords {
  readonly refusal: (refused: Refused) => string | undefined;
  readonly trouble: (code: string) => string | undefined;
}

let words: HubWords | undefined;

/** Says it so from here on; without, the hub's own English stands. */
export function speakOfHub(spoken: HubWords | undefined): void {
  words = spoken;
}

/** A refusal by its code; undefined in English, and for what is not known. */
export function sayRefusal(refused: Refused): string | undefined {
  return words?.refusal(refused);
}

/** What is the matter with a device, by its error's code; undefined in English, and for what is not known. */
export function sayTrouble(code: string): string | undefined {
  return words?.trouble(code);
}
