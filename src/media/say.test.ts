import assert from "node:assert/strict";
import { mkdtemp, rm, watch, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

/** An engine whose program takes the text and fails, and does `voices` when it is asked for its voices. */
async function failingEngine(voices: string) {
  const folder = await mkdtemp(join(tmpdir(), "doorward-say-"));
  const program = join(folder, "espeak-ng");
  const script = `#!/bin/sh\ncase "$1" in\n--version) exit 0 ;;\n--voices) ${voices} ;;\n*) cat >/dev/null; exit 3 ;;\nesac\n`;
  await writeFile(program, script, { mode: 0o755 });
  return {
    folder,
    read: async (options: { voice?: string; signal?: AbortSignal }) => {
      const source = await createEspeakEngine({ program }).say("Hello", options);
      assert.ok("bytes" in source);
      for await (const _ of source.bytes) assert.fail("it says nothing");
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

const voiceTable =
  "Pty Language Age/Gender VoiceName File Other\\n 5 de --/M German gmw/de\\n 2 en-gb --/M English gmw/en (en 2)";

test("an engine that fails for another reason is not said to lack the voice", async () => {
  await using engine = await failingEngine(`printf '${voiceTable}\\n'`);
  for (const voice of ["de", "DE", "de+f2", "de-AT", "german", "en"]) {
    await assert.rejects(engine.read({ voice }), {
      code: "no-sound",
      message: "espeak-ng failed: it ended with code 3",
    });
  }
  const lacking = { code: "bad-voice", message: 'there is no voice "fr"; there are de, en-gb' };
  await assert.rejects(engine.read({ voice: "fr" }), lacking);
});

test("an engine that does not say its voices is not waited for", async () => {
  await using engine = await failingEngine(`: >"$0.asked"; exec sleep 60`);
  await assert.rejects(engine.read({ voice: "de" }), { code: "no-sound" });
  await rm(join(engine.folder, "espeak-ng.asked"));
  const abort = new AbortController();
  const changes = watch(engine.folder);
  const aborted = assert.rejects(engine.read({ voice: "de", signal: abort.signal }), { name: "AbortError" });
  for await (const { filename } of changes) if (filename === "espeak-ng.asked") break;
  abort.abort();
  await aborted;
});
