import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { arrivalWords as kinds } from "../../../src/hub/arrival-kinds.ts";
import { arrivalWords, handouts, idFromName, nameFromId, sayKind } from "./arrival-words.ts";

const of = { id: "yard", token: "dwd_x", origin: "https://hub.local:8443" };

describe("words for devices that call the hub", () => {
  it("has a name for every kind, and leaves an unknown one as it is", () => {
    assert.deepEqual(Object.keys(arrivalWords).sort(), [...kinds].sort());
    assert.equal(sayKind("whip"), "Publisher");
    assert.equal(sayKind("tomorrow"), "tomorrow");
  });

  it("gives a publisher its address, its token and a command", () => {
    const [address, token, command] = handouts({ ...of, kind: "whip" }).copies.map(({ value }) => value);
    assert.equal(address, "https://hub.local:8443/whip/yard");
    assert.equal(token, "dwd_x");
    assert.match(command ?? "", /-authorization dwd_x https:\/\/hub\.local:8443\/whip\/yard$/);
  });

  it("gives a station one address, whose token no server's log sees", () => {
    const [only, ...others] = handouts({ ...of, kind: "page" }).copies;
    assert.equal(only?.value, "https://hub.local:8443/panel?device=yard#token=dwd_x");
    assert.deepEqual(others, []);
  });

  it("gives a door station the line with which it registers", () => {
    const [, line] = handouts({ ...of, kind: "door" }).copies;
    assert.deepEqual(JSON.parse(line?.value ?? ""), {
      type: "register",
      role: "intercom",
      client_id: "yard",
      token: "dwd_x",
    });
  });

  it("makes an id of a name", () => {
    assert.equal(idFromName("Küche, oben!"), "kuche-oben");
    assert.equal(idFromName("…"), "");
  });

  it("makes a name of an id", () => assert.equal(nameFromId("front-door"), "Front door"));
});
