import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { languageFor } from "./choose.ts";
import { speak, t, tn } from "./t.ts";

afterEach(() => speak("en", {}));

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
