/** The integration's own tests, its types, its lint and its coverage, with the kit of Home Assistant's developers; quarter of a minute. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { it } from "node:test";
import { installed, peerCommands } from "../../scripts/home-assistant-peer.mjs";

const leftOut = await installed();

it("the integration passes what Home Assistant's developers ask for", { skip: leftOut ?? false }, async (t) => {
  const [program = "", ...args] = peerCommands.kit;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => said.push(String(chunk)));
  const [code] = await once(child, "close");
  assert.equal(code, 0, said.join(""));
  for (const line of said.join("").split("\n")) if (/^TOTAL|passed in/.test(line)) t.diagnostic(line);
});
