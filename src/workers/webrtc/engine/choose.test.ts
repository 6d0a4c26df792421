import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../../../util/clock.ts";
import { RecoverableError } from "../../../util/errors.ts";
import { silentLog } from "../../../util/log.ts";
import { EngineChooser, type EngineChooserOptions } from "./choose.ts";

/** A program that exists and ends at once. */
const program = { path: "/bin/true", version: "1" };

function chooser(options: Partial<EngineChooserOptions>) {
  const usual = {
    engine: "auto",
    iceServers: [],
    clock: new ManualClock(),
    log: silentLog,
    find: () => program,
  } as const;
  return new EngineChooser({ ...usual, ...options });
}

describe("which child serves viewers", () => {
  it("is the engine where it is there, and the one in TypeScript where it is not", () => {
    assert.ok(chooser({}).open());
    assert.equal(chooser({ find: () => undefined }).open(), undefined);
  });

  it("is the one in TypeScript where the settings say so, or a relay is needed", () => {
    assert.equal(chooser({ engine: "node" }).open(), undefined);
    assert.equal(chooser({ iceServers: ["turn:a:b@relay.example:3478"] }).open(), undefined);
    assert.ok(chooser({ iceServers: ["stun:stun.example:3478"] }).open());
  });

  it("is nobody, with a sentence, where the engine is required and missing", () => {
    assert.throws(() => chooser({ engine: "native", find: () => undefined }).open(), { code: "engine-missing" });
  });

  it("is the one in TypeScript after the engine did not start, until another engine stands there", () => {
    let version = "1";
    const one = chooser({ find: () => ({ ...program, version }) });
    const broken = new RecoverableError("did not start", { code: "worker-start" });
    assert.ok(one.open());
    assert.equal(one.giveUp(broken), true);
    assert.equal(one.open(), undefined);
    assert.equal(one.giveUp(broken), false, "the other one's trouble is not the engine's");
    version = "2";
    assert.ok(one.open());
    assert.equal(one.opened, "native");
  });
});
