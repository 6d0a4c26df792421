import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sayFound, sayNoPicture, saySearch } from "./find-words.ts";

describe("what is said of cameras that were found", () => {
  it("names the maker once", () => {
    assert.equal(
      sayFound({ maker: "Hikvision", name: "HIKVISION DS-2CD2143", model: "DS-2CD2143" }),
      "HIKVISION DS-2CD2143",
    );
    assert.equal(sayFound({ maker: "Axis", model: "M1065-L" }), "Axis M1065-L");
    assert.equal(sayFound({ maker: "Yoosee" }), "Yoosee");
    assert.equal(sayFound({ name: "Yard" }), "Yard");
    assert.equal(sayFound({}), "A camera");
  });

  it("says how a search stands", () => {
    const [networks, one] = [["192.168.1.0/24"], { host: "192.168.1.20", by: ["onvif" as const] }];
    assert.equal(saySearch({ running: true, networks, found: [] }), "Looking at 192.168.1.0/24");
    assert.equal(saySearch({ running: false, networks, found: [] }), "Nothing was found on 192.168.1.0/24.");
    assert.equal(saySearch({ running: false, networks, found: [one] }), "One camera was found.");
    assert.equal(saySearch({ running: false, networks, found: [one, one] }), "2 cameras were found.");
    assert.match(saySearch({ running: false, networks: [], found: [] }), /on no private network/);
  });

  it("tells a wrong password from a wrong path", () => {
    const said = (["password-needed", "wrong-password", "no-path", "unreachable"] as const).map(sayNoPicture);
    assert.equal(new Set(said).size, 4);
  });
});
