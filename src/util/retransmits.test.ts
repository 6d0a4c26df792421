import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { it } from "node:test";
import { parseTcpList, readRetransmits } from "./retransmits.ts";

it("finds which connections send again, by either family of addresses", () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:223D 0100007F:D431 01 0000004C:00000000 01:00000A28 00000007     0        0 77 2 0000000000000000 6 4 29 10 -1
   1: 0100007F:223D 0200007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 78 1 0000000000000000 6 4 29 10 -1
   2: 0000000000000000FFFF00000200420A:223D 0000000000000000FFFF00000300420A:0050 01 0000004C:00000000 01:00000A28 00000003 0 0 79
   3: 000080FE00000000FF565002BD9D6AFE:223D B80D01200000000000000000010000FE:0051 01 00000001:00000000 01:00000001 0000000A 0 0 80
 nonsense`;
  assert.deepEqual(parseTcpList(text), [
    ["8765 127.0.0.1 54321", 7],
    ["8765 10.66.0.3 80", 3],
    ["8765 2001:db8::fe00:1 81", 10],
  ]);
});

it("knows nothing bad of a connection whose other end acknowledges", async () => {
  await using server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect(port, "127.0.0.1");
  const [socket] = (await once(server, "connection")) as [Socket];
  socket.write("x");
  await once(client, "data");
  const ends = { localPort: port, remoteAddress: socket.remoteAddress ?? "", remotePort: socket.remotePort ?? 0 };
  assert.equal((await readRetransmits())(ends), 0);
  client.destroy();
  socket.destroy();
});
