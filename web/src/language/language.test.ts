import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { speakOfHub } from "./hub-words.ts";
import { languageFor } from "./languages.ts";
import { refusalOf } from "./refusals.ts";
import { speak, t, tn, told } from "./t.ts";
import { weekday } from "./times.ts";
import { troubleOf } from "./troubles.ts";

afterEach(() => {
  speak("en", {});
  speakOfHub(undefined);
});

describe("the page's language", () => {
  it("is the first of the browser's that the page speaks", () => {
    assert.equal(languageFor(["nl-NL", "de-AT", "fr"]), "de");
    assert.equal(languageFor(["FR"]), "fr");
    assert.equal(languageFor(["ja", "constructor"]), "en");
    assert.equal(languageFor([]), "en");
  });

  it("says what its catalogue knows, and the rest in English", () => {
    speak("de", { "Sign in": "Anmelden", "{name} is speaking": "{name} spricht" });
    assert.equal(t("Sign in"), "Anmelden");
    assert.equal(t("{name} is speaking", { name: "Anna {name}" }), "Anna {name} spricht");
    assert.equal(t("Hold to talk"), "Hold to talk");
    assert.equal(t("{left} of {all}", { left: 2 }), "2 of {all}");
  });

  it("counts as the language does", () => {
    const cameras = (count: number) => tn(count, "one camera", "{count} cameras");
    assert.deepEqual([0, 1, 2].map(cameras), ["0 cameras", "one camera", "2 cameras"]);
    speak("fr", { "{count} cameras": ["{count} caméra", "{count} caméras"] });
    assert.deepEqual([0, 1, 2].map(cameras), ["0 caméra", "1 caméra", "2 caméras"]);
    speak("de", {});
    assert.deepEqual([0, 1].map(cameras), ["0 cameras", "one camera"], "English, where nothing is known");
  });
});

describe("what the hub says, in the page's language", () => {
  const refused = (code: string, detail: string) =>
    new Response(JSON.stringify({ code, detail, fields: { holder: "Anna" } }), {
      status: 409,
      headers: { "content-type": "application/problem+json" },
    });

  it("is said by its code, with its values; in English by the hub itself", async () => {
    const { problemOf } = await import("../api.ts");
    assert.equal((await problemOf(refused("ptz-held", "Anna turns it"))).message, "Anna turns it.");
    speakOfHub({ refusal: refusalOf, trouble: troubleOf });
    speak("de", { "{name} turns it at the moment.": "{name} dreht sie gerade." });
    assert.equal((await problemOf(refused("ptz-held", "Anna turns it"))).message, "Anna dreht sie gerade.");
    assert.equal((await problemOf(refused("new-kind", "it is new"))).message, "It is new.");
  });

  it("says of a door that was not opened why, where it is known", async () => {
    const { problemOf } = await import("../api.ts");
    speakOfHub({ refusal: refusalOf, trouble: troubleOf });
    speak("de", { "The door was not opened.": "Nicht geöffnet.", "No answer came in time.": "Keine Antwort." });
    assert.equal((await problemOf(refused("unlock-timeout", "x"))).message, "Nicht geöffnet. Keine Antwort.");
    assert.equal((await problemOf(refused("unlock-legacy_station", "x"))).message, "Nicht geöffnet.");
  });

  it("names the days as the language does", () => {
    assert.equal(weekday(0, "long"), "Monday");
    speak("fr", {});
    assert.deepEqual([weekday(0, "long"), weekday(6, "short")], ["lundi", "dim."]);
  });

  it("has the help of settings where the catalogue has it", () => {
    speak("de", { Muted: "Stumm" });
    assert.deepEqual(
      [told("Muted"), told("constructor"), told("Of tomorrow")],
      ["Stumm", "constructor", "Of tomorrow"],
    );
  });
});
