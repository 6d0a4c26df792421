import assert from "node:assert/strict";
import dns from "node:dns";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { ManualClock, systemClock } from "../util/clock.ts";
import { fetchSound, maxFetchedBytes } from "./say-url.ts";

async function serve(handle: RequestListener) {
  const server = createServer(handle).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Answers for every name, with the next address each time. */
function nameServer(t: TestContext, addresses: readonly string[]) {
  const asked: string[] = [];
  t.mock.method(dns, "lookup", (name: string, _options: unknown, callback: (...answer: unknown[]) => void) => {
    asked.push(name);
    callback(null, [{ address: addresses[asked.length - 1] ?? "", family: 4 }]);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  return { asked };
}

const sound = Buffer.from("RIFF and so on");
const get = (url: string, isListed: (url: URL) => boolean = () => true) =>
  fetchSound(url, { isListed, clock: systemClock, signal: AbortSignal.timeout(5000) });

describe("a sound that is fetched", () => {
  it("comes whole from a listed host, also over redirects within listed hosts", async () => {
    await using server = await serve((request, answer) => {
      if (request.url === "/moved") answer.writeHead(302, { location: "/a.wav" }).end();
      else answer.writeHead(200, { "content-type": "audio/wav; x=y" }).end(sound);
    });
    assert.deepEqual(await get(`${server.url}/a.wav`), sound);
    assert.deepEqual(await get(`${server.url}/moved`), sound);
    assert.deepEqual(await get(`http://localhost:${server.port}/a.wav`), sound);
  });

  it("is not asked for where no administrator lists the host, and no redirect leads there", async () => {
    let asked = 0;
    await using secret = await serve((_, answer) => {
      asked++;
      answer.end(sound);
    });
    await using server = await serve((_, answer) => answer.writeHead(307, { location: `${secret.url}/x` }).end());
    const listed = (url: URL) => url.origin === server.url;
    await assert.rejects(get(`${secret.url}/x`, listed), { code: "host-not-listed" });
    await assert.rejects(get(`${server.url}/x`, listed), { code: "host-not-listed", fields: { name: secret.url } });
    await assert.rejects(get("file:///etc/passwd"), { code: "bad-url" });
    assert.equal(asked, 0);
  });

  it("is not fetched from this machine for a name that leads there, nor from link-local addresses", async (t) => {
    await using server = await serve((_, answer) => answer.end(sound));
    const names = nameServer(t, ["127.0.0.1", "192.0.2.1"]);
    await assert.rejects(get(`http://rebinds.example:${server.port}/`), { code: "refused-address" });
    assert.deepEqual(names.asked, ["rebinds.example"]);
    await assert.rejects(get("http://169.254.169.254/latest/meta-data"), { code: "refused-address" });
    await assert.rejects(get("http://[fe80::1]/"), { code: "refused-address" });
  });

  it("has its name looked up once: what was checked is connected to", async (t) => {
    await using server = await serve((_, answer) => answer.end(sound));
    const names = nameServer(t, ["127.0.0.1", "192.0.2.1"]);
    assert.deepEqual(await get(`http://localhost:${server.port}/`), sound);
    assert.deepEqual(names.asked, ["localhost"]);
    await assert.rejects(get(`http://localhost:${server.port}/`), { code: "refused-address" });
    assert.deepEqual(names.asked, ["localhost", "localhost"]);
  });

  it("is refused in a sentence that shows no more of the address than its origin", async () => {
    await using server = await serve((request, answer) => {
      if (request.url?.startsWith("/page")) answer.setHeader("content-type", "text/html").end("<p>Sign in</p>");
      else if (request.url?.startsWith("/loop")) answer.writeHead(301, { location: "/loop" }).end();
      else if (request.url?.startsWith("/large")) answer.setHeader("content-length", maxFetchedBytes + 1).end();
      else answer.writeHead(404).end();
    });
    const cases = [
      ["/page?token=secret", "not-audio", /gave is no sound, but text\/html$/],
      ["/loop?token=secret", "no-such-file", /leads on more than 3 times/],
      ["/large?token=secret", "too-large", /larger than 16 MiB/],
      ["/none?token=secret", "no-such-file", /answered 404/],
    ] as const;
    for (const [path, code, sentence] of cases) {
      const error = (await get(`${server.url}${path}`).catch((thrown: unknown) => thrown)) as Error & { code: string };
      assert.equal(error.code, code, error.message);
      assert.match(error.message, sentence);
      assert.doesNotMatch(error.message, /secret/);
    }
    await assert.rejects(get("http://127.0.0.1:1/?token=secret"), { code: "unreachable" });
  });

  it("is let go of when it does not say how long it is and never ends, or hangs", async () => {
    await using endless = await serve((_, answer) => {
      const more = () => {
        while (answer.write(Buffer.alloc(1 << 20))) {}
        answer.once("drain", more);
      };
      more();
    });
    await assert.rejects(get(endless.url), { code: "too-large" });
    await using silent = await serve(() => {});
    const clock = new ManualClock();
    const fetching = fetchSound(silent.url, { isListed: () => true, clock, signal: new AbortController().signal });
    const late = assert.rejects(fetching, { code: "too-slow" });
    await clock.advance(20_000);
    await late;
    const stop = new AbortController();
    const hungUp = fetchSound(silent.url, { isListed: () => true, clock, signal: stop.signal });
    stop.abort();
    await assert.rejects(hungUp, { name: "AbortError" });
  });
});
