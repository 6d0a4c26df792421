import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { listenAt } from "./listen.ts";
import { resetSocket } from "./reset-socket.ts";

/** Both ends of one connection, closed at the end. */
async function connection() {
  const server = createServer({ allowHalfOpen: true });
  await listenAt(server, { host: "127.0.0.1", port: 0 });
  const { port } = server.address() as { port: number };
  const accepted = once(server, "connection");
  const client = connect(port, "127.0.0.1");
  const [ours] = (await accepted) as [Socket];
  server.close();
  return { ours, client: client.resume() };
}

test("the other side sees a reset", async () => {
  const { ours, client } = await connection();
  resetSocket(ours);
  const [error] = await once(client, "error");
  assert.equal(error.code, "ECONNRESET");
});

test("a connection that was ended in the same turn is closed, and nothing of it is left", async () => {
  const { ours, client } = await connection();
  ours.end("the last words");
  resetSocket(ours);
  await Promise.all([once(ours, "close"), once(client, "close")]);
  assert.ok(!process.getActiveResourcesInfo().includes("TCPSocketWrap"));
});

test("so is one that was ended before, and one that the other side ended", async () => {
  const before = await connection();
  before.ours.end();
  await once(before.ours, "finish");
  resetSocket(before.ours);
  await Promise.all([once(before.ours, "close"), once(before.client, "close")]);

  const answered = await connection();
  answered.client.end();
  answered.ours.resume().once("end", () => answered.ours.end());
  await once(answered.ours, "end");
  resetSocket(answered.ours);
  await Promise.all([once(answered.ours, "close"), once(answered.client, "close")]);
  assert.ok(!process.getActiveResourcesInfo().includes("TCPSocketWrap"));
});
