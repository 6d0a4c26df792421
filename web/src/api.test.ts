import assert from "node:assert/strict";
import { test } from "node:test";
import { speak } from "./language/t.ts";

test("an answer of the hub without words of its own is told in the page's language", async () => {
  const told = {
    "Please sign in again.": "Bitte melden Sie sich wieder an.",
    "The hub answered with {status}.": "Antwort: {status}.",
  };
  speak("de", told);
  // As the page does: the language is chosen before anything is loaded that says a word.
  const { problemOf } = await import("./api.ts");
  assert.equal((await problemOf(new Response("", { status: 401 }))).message, "Bitte melden Sie sich wieder an.");
  assert.equal((await problemOf(new Response("", { status: 418 }))).message, "Antwort: 418.");
  const own = new Response(JSON.stringify({ detail: "no such door" }), { status: 404 });
  assert.equal((await problemOf(own)).message, "No such door.");
});
