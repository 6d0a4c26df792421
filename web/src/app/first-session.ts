import { at } from "../net/at.ts";

/** Asked for while the page itself is still on its way: who is signed in. Not for a station's page, which asks for itself. */
let answer: Promise<Response> | undefined;

/** Asks the hub who is signed in, before anything can be shown. */
export function askForSession(): void {
  answer = fetch(at("/api/v1/session"), { credentials: "same-origin", headers: { "x-doorward": "1" } });
  // Whoever takes it is told; nobody may.
  answer.catch(() => {});
}

/** The answer, for the first who takes it: what was asked before something changed would be no answer later. */
export function takeSession(): Promise<Response> | undefined {
  const first = answer;
  answer = undefined;
  return first;
}
