import assert from "node:assert/strict";
import { test } from "node:test";
import { createEspeakEngine, maxTextLength } from "./say.ts";

async function wavOf(
  text: string,
  options: { language?: string; voice?: string; signal?: AbortSignal } = {},
): Promise<Buffer> {
  const engine = createEspeakEngine();
  assert.ok(await engine.available(), "this test needs espeak-ng: install the Debian package espeak-ng");
  const source = await engine.say(text, options);
  assert.ok("bytes" in source);
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("text becomes a WAV; a longer text a longer one", async () => {
  const short = await wavOf("Hello");
  const long = await wavOf("Hello, the parcel is waiting at the door, please come down");
  assert.equal(short.toString("latin1", 0, 4), "RIFF");
  assert.ok(long.length > 2 * short.length);
});

test("text that looks like options or shell is spoken, not obeyed", async () => {
  const option = await wavOf("--version; $(touch /tmp/x) `id` -f /etc/passwd");
  assert.equal(option.toString("latin1", 0, 4), "RIFF");
  assert.ok(option.length > 40_000);
});

test("other languages and their letters", async () => {
  assert.ok((await wavOf("Schöne Grüße aus der Küche", { language: "de" })).length > 30_000);
});

test("an unknown voice, an option as voice, no text, too much text", async () => {
  const known = {
    code: "bad-voice",
    message: /^there is no voice "nobody-xyz"; there are .*\bde, .*\ben-us, .*\bfr-fr, /,
  };
  await assert.rejects(wavOf("Hello", { voice: "nobody-xyz" }), known);
  await assert.rejects(wavOf("Hello", { voice: "-f/etc/passwd" }), { code: "bad-voice" });
  await assert.rejects(wavOf(" \n\0 "), { code: "bad-text" });
  await assert.rejects(wavOf("a".repeat(maxTextLength + 1)), { code: "bad-text" });
});

test("without the program there is a sentence that says what to install", async () => {
  const engine = createEspeakEngine({ program: "espeak-ng-that-is-not-there" });
  assert.equal(await engine.available(), false);
  await assert.rejects(engine.say("Hello"), {
    name: "FatalError",
    code: "no-speech-engine",
    message: /install.*espeak-ng/,
  });
});

test("an abort ends the speech", async () => {
  const abort = new AbortController();
  const engine = createEspeakEngine();
  const source = await engine.say("A long text. ".repeat(100), { signal: abort.signal });
  assert.ok("bytes" in source);
  const read = async () => {
    for await (const _ of source.bytes as AsyncIterable<Uint8Array>) abort.abort();
  };
  await assert.rejects(read(), { name: "AbortError" });
});
