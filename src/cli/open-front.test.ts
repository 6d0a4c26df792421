import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type HttpConfig, httpConfig } from "../surfaces/http/config.ts";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import { parseHubOptions } from "./hub-options.ts";
import { openFrontOf } from "./open-front.ts";

async function house(text?: string) {
  const folder = await mkdtemp(join(tmpdir(), "doorward-front-"));
  const configPath = join(folder, "doorward.yaml");
  if (text !== undefined) await writeFile(configPath, text);
  const flags = ["--config", configPath, "--data", join(folder, "data"), "--http-port", "0", "--https-port", "0"];
  return {
    dataDir: join(folder, "data"),
    open: (otherwise?: HttpConfig) =>
      openFrontOf(parseHubOptions(flags), {
        clock: new ManualClock(),
        log: silentLog,
        ...(otherwise && { otherwise }),
      }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

describe("the hub's front", () => {
  it("listens as the section http says, whatever is wrong elsewhere in the file", async () => {
    await using it = await house("http: { host: [127.0.0.1], httpsHost: 127.0.0.1 }\ndevices: 7\nnonsense: true\n");
    await using front = await it.open();
    assert.ok(front);
    assert.deepEqual(
      front.ports.reached.map(({ scheme, host }) => `${scheme} ${host}`),
      ["http 127.0.0.1", "https 127.0.0.1"],
    );
    for (const { port } of front.ports.reached) {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      socket.destroy();
    }
    assert.match(front.ports.rootCertificate() ?? "", /BEGIN CERTIFICATE/);
  });

  it("opens nothing where the file has a fault that somebody has to be told of, or is not there", async () => {
    for (const text of [
      "http: { port: many }\n",
      "http: [\n",
      "",
      "\0\0\0",
      "# nothing\n",
      "a: &a [*a, *a]\nhttp: *b\n",
      undefined,
    ]) {
      await using it = await house(text);
      assert.equal(await it.open(), undefined, text);
      assert.equal(existsSync(it.dataDir), false, text);
    }
  });

  it("opens without a file where that is no fault", async () => {
    await using it = await house();
    await using front = await it.open(httpConfig.parse({ host: ["127.0.0.1"], https: false }));
    assert.equal(front?.ports.httpsPort, undefined);
    assert.ok(front?.ports.port);
  });

  it("says that another hub has the folder before it says that a port is taken", async () => {
    await using it = await house("http: { host: [127.0.0.1], https: false }\n");
    await using _front = await it.open();
    await assert.rejects(it.open(), { code: "in-use" });
  });

  it("lets go of whoever waits when the hub does not come", async () => {
    await using it = await house("http: { host: [127.0.0.1], https: false }\n");
    const front = await it.open();
    const visitor = connect(front!.ports.port, "127.0.0.1").on("error", () => {});
    await once(visitor, "connect");
    visitor.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    const gone = new Promise((resolve) => visitor.once("close", resolve));
    await front![Symbol.asyncDispose]();
    await gone;
    await using again = await it.open();
    assert.ok(again);
  });
});
