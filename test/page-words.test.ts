import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { bareWordsOf, pageSources, placesOf, sentencesOf } from "../scripts/page-words.ts";

const folder = join(import.meta.dirname, "..", "web", "src", "language");
const sources = [...pageSources()];
const sentences = sources.flatMap(([file, source]) => sentencesOf(source, file));
const catalogues = new Map(
  ["de", "fr", "es"].map((language) => [
    language,
    JSON.parse(readFileSync(join(folder, `${language}.json`), "utf8")) as Record<string, string | [string, string]>,
  ]),
);

/** Words that are the same in every language. */
const names = /^(Doorward|MIT|Lucide|STUN|TURN|ONVIF|MQTT|WHIP|WHEP|RTSP|Home Assistant|rtsp:.*|[\d\s.,:×°%+/()-]+)$/;

describe("what the page says", () => {
  for (const [language, catalogue] of catalogues) {
    it(`is said in ${language}, and nothing else is in its catalogue`, () => {
      const known = new Set(sentences.map(({ sentence }) => sentence));
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

  it("stands in no template as it is", () => {
    const bare = sources.flatMap(([file, source]) => bareWordsOf(source, file));
    const odd = bare.filter(({ words }) => !names.test(words));
    assert.deepEqual(odd, []);
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
