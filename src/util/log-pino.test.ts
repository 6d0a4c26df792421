import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FatalError, RecoverableError } from "./errors.ts";
import { createLog, type LogLevel } from "./log-pino.ts";

function lineOf(err: unknown, level: LogLevel) {
  let out = "";
  createLog({ level, write: (lines) => (out += lines) }).error({ err }, "it failed");
  return { out, err: JSON.parse(out).err };
}

describe("the log", () => {
  it("says of an error of ours its sentence and its code, and why, without stacks", () => {
    const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const { out, err } = lineOf(
      new RecoverableError("cannot connect: refused", { code: "unreachable", cause }),
      "info",
    );
    assert.ok(!/at .*:\d+|stack/.test(out), out);
    assert.equal(err.code, "unreachable");
    assert.equal(err.cause.code, "ECONNREFUSED");
    assert.ok(out.length < 400, `${out.length} bytes`);
  });

  it("names the place of an error that nobody foresaw", () => {
    const error = new TypeError("x is not a function");
    error.stack = "TypeError: x\n    at Route.tell (file:///opt/doorward/dist/hub/route.js:12:3)";
    assert.equal(lineOf(error, "info").err.place, "hub/route.js:12");
  });

  it("has the stack at the level debug, and leaves codes of errors as they are", () => {
    assert.match(lineOf(new RecoverableError("x"), "debug").err.stack, /RecoverableError: x\n {4}at /);
    assert.equal(lineOf(new FatalError("x", { code: "unsupported-codec" }), "info").err.code, "unsupported-codec");
  });
});
