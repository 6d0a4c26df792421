import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { describe, it } from "node:test";
import { createServer } from "../../util/node-http.ts";
import { resetSocket } from "../../util/reset-socket.ts";
import { Answering, type Answers } from "./answering.ts";

/** A server at which one waits, and what comes to whoever answers later. */
async function waiting() {
  const answering = new Answering();
  const server = createServer();
  const upgraded = answering.listenTo(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const heard: string[] = [];
  const answers: Answers = {
    routing: (request, response) => {
      heard.push(`${request.url}`);
      response.end(`answer to ${request.url}`);
    },
    server: {
      emit: (event, ...about) => {
        heard.push(event);
        if (event === "upgrade") (about[1] as { end(text: string): void }).end("HTTP/1.1 101 Switching\r\n\r\n");
        return true;
      },
    },
  };
  const send = (text: string) => {
    const socket = connect(port, "127.0.0.1")
      .setEncoding("latin1")
      .on("error", () => {});
    socket.write(text);
    return socket;
  };
  return {
    ...{ answering, answers, heard, send, server, upgraded },
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: hub\r\n\r\n`;
const upgrade = "GET /socket HTTP/1.1\r\nhost: hub\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";

describe("ports with nobody yet who answers", () => {
  it("let requests and upgrades wait, which are answered in their order, and then whoever comes", async () => {
    await using it = await waiting();
    const first = it.send(get("/first"));
    await once(it.server, "request");
    const second = it.send(upgrade);
    await once(it.server, "upgrade");
    const third = it.send(get("/third"));
    await once(it.server, "request");
    assert.deepEqual(it.heard, []);
    assert.equal(it.upgraded.size, 1);
    const answered = Promise.all([first, second, third].map((socket) => once(socket, "data")));
    it.answering.begin(it.answers);
    const texts = (await answered).map(([text]) => String(text));
    assert.deepEqual(it.heard, ["/first", "upgrade", "/third"]);
    assert.match(texts[0]!, /answer to \/first$/);
    assert.match(texts[1]!, /^HTTP\/1.1 101/);
    const late = it.send(get("/late"));
    assert.match(String(await once(late, "data")), /answer to \/late$/);
  });

  it("bear it when whoever waits is gone, and let go of what is no HTTP", async () => {
    await using it = await waiting();
    const socket = it.send(upgrade);
    const [, waits] = (await once(it.server, "upgrade")) as [unknown, Socket];
    const closed = new Promise((resolve) => waits.once("close", resolve));
    resetSocket(socket);
    await closed;
    assert.equal(it.upgraded.size, 0);
    const noise = it.send("what is this\r\n\r\n");
    await once(noise, "close");
    it.answering.begin(it.answers);
    const next = it.send(get("/next"));
    assert.match(String(await once(next, "data")), /answer to \/next$/);
    const again = it.send("what is this\r\n\r\n");
    await once(it.server, "clientError");
    assert.equal(it.heard.at(-1), "clientError");
    again.destroy();
  });
});
