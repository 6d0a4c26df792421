import type { Route } from "../route.ts";
import type { HttpCounters } from "./http-counters.ts";

/** What routes about the surface itself need to know. */
export interface ApiParts {
  readonly counters: HttpCounters;
  /** Every route that is served, for the API's document. */
  readonly all: () => readonly Route[];
}
