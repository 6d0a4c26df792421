import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { serialize } from "node:v8";
import { MessageWriter } from "./engine/message.ts";
import { said } from "./engine/wire.ts";
import type { FromPublishChild, ToPublishChild } from "./messages.ts";
import { startNodeChild } from "./node-link.ts";

/** A child that writes these bytes to its pipe, and stays. */
function childThatSays(bytes: Uint8Array) {
  const code = `require("node:fs").writeSync(3, Buffer.from("${Buffer.from(bytes).toString("hex")}", "hex")); setInterval(() => {}, 1000);`;
  return startNodeChild<ToPublishChild, FromPublishChild>(["-e", code]);
}

const whole = (code: number, bytes: Uint8Array) => new MessageWriter(code).bytes(bytes).finish();
const bad: Readonly<Record<string, Uint8Array>> = {
  "an absurd length": Buffer.alloc(16, 0xff),
  "bytes that are no serialisation of V8": whole(said.code, Buffer.from("no")),
  "a serialised word that is no message": whole(said.code, serialize("no")),
  "a message of another kind": whole(said.code + 1, serialize({ type: "ready" })),
};

describe("a child in TypeScript", () => {
  for (const [what, bytes] of Object.entries(bad)) {
    it(`is ended when it says ${what}`, { timeout: 30_000 }, async () => {
      const link = childThatSays(bytes);
      const heard: string[] = [];
      link.listen({ onReady: () => heard.push("ready"), onMessage: ({ type }) => heard.push(type) });
      const [, signal] = await once(link.child, "exit");
      assert.deepEqual([signal, heard], ["SIGKILL", ["trouble"]]);
      assert.equal(link.post({ type: "configure" } as ToPublishChild), false);
    });
  }
});

/** In a process of its own, which has no file to spare: its words. */
function withoutFiles(module: string, start: string): string {
  const code = `
    import { closeSync, openSync } from "node:fs";
    import { ${start.slice(0, start.indexOf("("))} } from "${new URL(module, import.meta.url).href}";
    let last;
    try { for (;;) last = openSync("/dev/null"); } catch {}
    closeSync(last); // one may be open, to read a file; a pipe takes two
    const link = ${start};
    const said = [link.child.pid, link.post({ type: "configure" })];
    link.hold("loose");
    link.child.on("error", ({ code }) => { link.end(); console.log(...said, code); });`;
  const command = 'ulimit -n 96; exec "$0" --input-type=module -e "$1"';
  const { stdout, stderr } = spawnSync("/bin/sh", ["-c", command, process.execPath, code], { encoding: "utf8" });
  return stdout.trim() || stderr;
}

describe("a child that cannot be started for want of files", { skip: process.platform === "win32" }, () => {
  it("is told as one, in TypeScript", () => {
    assert.equal(withoutFiles("./node-link.ts", "startNodeChild()"), "undefined false EMFILE");
  });

  it("is told as one, of the engine", () => {
    assert.equal(withoutFiles("./engine/link.ts", 'startEngine({ program: "/bin/true" })'), "undefined false EMFILE");
  });
});
