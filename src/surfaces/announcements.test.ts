import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import type { Hub } from "../hub/hub.ts";
import { systemClock } from "../util/clock.ts";
import { Announcements } from "./announcements.ts";

/** A server that leads on to `to`, or gives a sound; `asked` counts what it was asked. */
async function soundServer(to?: string) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (to) response.writeHead(302, { location: to }).end();
    else response.writeHead(200, { "content-type": "audio/wav" }).end("sound");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { asked, url: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
}

/** What is said of an announcement of `url`, where sounds of `allowed` may be played. */
async function refusalOf(url: string, allowed: readonly string[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const read = async (bytes: AsyncIterable<Uint8Array>) => {
    for await (const piece of bytes) throw new Error(`read ${Buffer.from(piece)}`);
    throw new Error("nothing came");
  };
  const hub = {
    clock: systemClock,
    log: { warn: (_fields: object, text: string) => resolve(text) },
    converter: { decodeFile: ({ bytes }: { bytes: AsyncIterable<Uint8Array> }) => read(bytes) },
  } as unknown as Hub;
  using announcements = new Announcements({ hub, say: undefined, allowed });
  announcements.announce({ message: url, to: [], target: "Kitchen", priority: 0 });
  return await promise;
}

describe("Announcements by the address of a sound", () => {
  it("fetch it from a server that is named", async () => {
    using server = await soundServer();
    assert.match(await refusalOf(`${server.url}/bell.wav`, [server.url]), /read sound/);
  });

  it("follow it to no server that is not named", async () => {
    using other = await soundServer();
    using server = await soundServer(`${other.url}/bell.wav`);
    assert.match(await refusalOf(`${server.url}/bell.wav`, [server.url]), /is not one of the addresses/);
    assert.deepEqual(other.asked, []);
    assert.match(await refusalOf(`${server.url}/bell.wav`, [server.url, other.url]), /read sound/);
  });

  it("follow it to no folder that is not named", async () => {
    using server = await soundServer("/secret.wav");
    assert.match(
      await refusalOf(`${server.url}/bells/one.wav`, [`${server.url}/bells`]),
      /is not one of the addresses/,
    );
    assert.deepEqual(server.asked, ["/bells/one.wav"]);
  });
});
