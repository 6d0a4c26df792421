import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { freePort } from "../free-port.ts";
import { temporaryFolder } from "./page-browser.ts";

const program = join(import.meta.dirname, "..", "..", "bin", "doorward.js");

/** A hub that was just begun, with this `doorward.yaml`. */
async function beginHub(config: string) {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await temporaryFolder()).path;
  const port = await freePort();
  await writeFile(
    join(folder, "doorward.yaml"),
    `webrtc: { udpPort: 0 }\nwhip: { udpPort: 0 }\nmdns: "off"\n${config}`,
  );
  const args = ["hub", "--json", "--http-port", `${port}`, "--https-port", "0"];
  const hub = spawn(process.execPath, [program, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(hub, "exit");
  opened.defer(async () => {
    hub.kill("SIGTERM");
    await ended;
  });
  let complaint = "";
  hub.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  const said = once(createInterface(hub.stdout), "line");
  said.catch(() => {});
  const owned = opened.move();
  return {
    port,
    said,
    ended: async () => {
      const [code] = await ended;
      return { code: code as number, complaint };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Somebody's connection, as soon as one is taken. */
async function firstVisitor(port: number, ended: Promise<unknown>): Promise<Socket> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  while (!over) {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    const came = await Promise.race([once(socket, "connect"), once(socket, "close")]).then(
      () => !socket.destroyed,
      () => false,
    );
    if (came) return socket;
    await setImmediate();
  }
  throw new Error("the hub ended");
}

describe("a hub that starts", () => {
  it("takes who comes while most of it is still to be loaded, and answers them", async () => {
    await using hub = await beginHub("");
    const order: string[] = [];
    void hub.said.then(() => order.push("said"));
    const visitor = await firstVisitor(hub.port, hub.ended());
    order.push("taken");
    visitor.write("GET /api/v1/session HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    const [answer] = (await once(visitor.setEncoding("utf8"), "data")) as [string];
    assert.match(answer, /^HTTP\/1.1 200 /);
    await hub.said;
    assert.deepEqual(order, ["taken", "said"]);
  });

  it("lets go of who came when it cannot start, and says why it cannot", async () => {
    await using hub = await beginHub("devices: { yard: { address: 7 } }\n");
    const visitor = await firstVisitor(hub.port, hub.ended());
    visitor.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    const gone = new Promise((resolve) => visitor.once("close", resolve));
    const { code, complaint } = await hub.ended();
    await gone;
    assert.equal(code, 1);
    assert.match(complaint, /^doorward hub: doorward.yaml:4: devices.yard.address: [^\n]+\n$/);
  });
});
