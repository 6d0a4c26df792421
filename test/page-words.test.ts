import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { errorCodes, hubSentences } from "../scripts/hub-words.ts";
import { bareWordsOf, pageSources, placesOf, sentencesOf, unsaidIn } from "../scripts/page-words.ts";
import { spokenWords } from "../web/spoken-words.ts";
import { translations } from "../web/src/language/languages.ts";
import { knownRefusals } from "../web/src/language/refusals.ts";
import { knownTroubles } from "../web/src/language/troubles.ts";

const folder = join(import.meta.dirname, "..", "web", "src", "language");
const sources = [...pageSources()];
const sentences = sources.flatMap(([file, source]) => sentencesOf(source, file));
const catalogues = new Map(
  translations.map((language) => [
    language,
    JSON.parse(readFileSync(join(folder, `${language}.json`), "utf8")) as Record<string, string | [string, string]>,
  ]),
);

/** Words that are the same in every language. */
const names = /^(Doorward|MIT|Lucide|STUN|TURN|ONVIF|MQTT|WHIP|WHEP|RTSP|Home Assistant|rtsp:.*|[\d\s.,:×°%+/()-]+)$/;

/** Codes that no request of the page is refused with: of programs, of sockets, or what the page says by itself. */
const notRefusals = new Set([
  ...["in-use", "seal", "listen", "certificate", "not-our-page", "method", "media-type", "bad-origin", "no-token"],
  ...["hung-up", "no-station", "ended", "driver-fault", "opened", "loudness", "stalled", "lost", "custom"],
  ...["muted", "listens-only", "do-not-disturb", "codec-unsupported", "etag", "ice-restart", "decodable", "silent"],
  ...["supervisor", "closed", "connecting", "no-session", "unauthorised", "unknown", "untouched", "unauthorized"],
]);

/** Codes that a device is never in trouble with: of talk, of small pictures, of what is tried. */
const notTroubles = new Set(["no-speaker", "no-speaker-port", "no-talk", "no-sub", "not-ready", "taken"]);

/** Literals that nobody reads: an error for programmers, units, selectors. */
const unspoken = new Set([
  "not a script of this page: \u0001",
  "\u0001 Mbit/s",
  "\u0001 kHz",
  "form, dialog",
  "for now",
]);

describe("what the page says", () => {
  for (const [language, catalogue] of catalogues) {
    it(`is said in ${language}, and nothing else is in its catalogue`, () => {
      const known = new Set([...sentences.map(({ sentence }) => sentence), ...hubSentences()]);
      const lacking = [...known].filter((sentence) => !Object.hasOwn(catalogue, sentence));
      assert.deepEqual(lacking, [], `${language}.json lacks these`);
      const left = Object.keys(catalogue).filter((sentence) => !known.has(sentence));
      assert.deepEqual(left, [], `${language}.json has what the page does not say any more`);
    });

    it(`has the same places in ${language}, and a singular where it counts`, () => {
      for (const { sentence, counted } of sentences) {
        const said = catalogue[sentence];
        if (said === undefined) continue;
        assert.equal(Array.isArray(said), counted, `${language}.json: ${sentence}`);
        const [one, other] = Array.isArray(said) ? said : [said, said];
        assert.deepEqual(placesOf(other), placesOf(sentence), `${language}.json: ${sentence}`);
        // A singular may write the number out.
        const places = placesOf(sentence).filter((place) => !counted || place !== "count");
        assert.deepEqual(
          placesOf(one).filter((place) => !counted || place !== "count"),
          places,
          sentence,
        );
      }
    });
  }

  it("is said in every language where the hub does not answer, too", () => {
    const source = readFileSync(join(folder, "..", "..", "public", "offline.js"), "utf8");
    const [, sentences = ""] = /const sentences = \{\n([\s\S]*?)\n\};/.exec(source) ?? [];
    const said = [...sentences.matchAll(/^ {2}(\w+): \[/gm)].map(([, language]) => language);
    assert.deepEqual(said.sort(), [...translations].sort(), "web/public/offline.js");
  });

  it("stands in no template as it is", () => {
    const bare = sources.flatMap(([file, source]) => bareWordsOf(source, file));
    const odd = bare.filter(({ words }) => !names.test(words));
    assert.deepEqual(odd, []);
  });

  it("is in the page's language where the hub refuses something", () => {
    const codes = errorCodes(["surfaces", "hub", "identity", "media"]);
    const lacking = [...codes].filter((code) => !knownRefusals.includes(code) && !notRefusals.has(code));
    assert.deepEqual(lacking, [], "web/src/language/refusals.ts does not know these codes");
    assert.deepEqual(
      [...notRefusals].filter((code) => !codes.has(code)),
      [],
      "are not codes any more",
    );
  });

  it("is in the page's language where a device is in trouble", () => {
    const codes = errorCodes(["drivers", "protocols/rtsp", "protocols/elementary", "hub/supervise"]);
    const lacking = [...codes].filter((code) => !knownTroubles.includes(code) && !notTroubles.has(code));
    assert.deepEqual(lacking, [], "web/src/language/troubles.ts does not know these codes");
    assert.deepEqual(
      [...notTroubles].filter((code) => !codes.has(code)),
      [],
      "are not codes any more",
    );
  });

  it("stands in no condition and in nothing put together as it is", () => {
    const unsaid = sources.flatMap(([file, source]) => unsaidIn(source, file));
    assert.deepEqual(
      unsaid.filter(({ words }) => !unspoken.has(words)),
      [],
    );
  });

  it("speaks of a setting as the page shows it, not as a file is written", () => {
    const written = hubSentences().filter((sentence) => /\b(true|false|YAML)\b/.test(sentence));
    assert.deepEqual(written, [], "these help texts name values of the configuration file");
  });

  it("is carried by the cards as far as they can say it, however a script writes it", () => {
    const catalogue = { "It's on": "An", "Say {x}": "Sag {x}", "Not said": "Nichts" };
    const carried = spokenWords(catalogue, ["t('It\\'s on')", "t(`Say {x}`,{x:1})"]);
    assert.deepEqual(Object.keys(carried), ["It's on", "Say {x}"]);
  });

  it("is found where it is written", () => {
    const source = `html\`<p title="Help">\${t("It's {a}")} \${tn(n, "one", "{count} \\"many\\"")} <b>\${x ? html\`Bare\` : "no"}</b></p>\``;
    assert.deepEqual(
      sentencesOf(source, "x").map(({ sentence, counted }) => [sentence, counted]),
      [
        ["It's {a}", false],
        ['{count} "many"', true],
      ],
    );
    assert.deepEqual(
      bareWordsOf(source, "x").map(({ words }) => words),
      ["Help", "Bare"],
    );
  });
});
