import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { startLines } from "../e2e/child-lines.ts";

/** Passes what comes to a socket in the file system on to a port of its own network namespace. */
const inside = `
const net = require("node:net");
const [path, port] = process.argv.slice(1);
net.createServer((from) => {
  const to = net.connect(Number(port), "127.0.0.1");
  from.on("error", () => to.destroy()).on("close", () => to.destroy());
  to.on("error", () => from.destroy()).on("close", () => from.destroy());
  from.pipe(to).pipe(from);
}).listen(path, () => console.log("ready"));
`;

/**
 * A port here that leads to what listens on 127.0.0.1 in a network namespace: network namespaces share the file system. `through`
 * runs a command in there. Ended when disposed.
 */
export async function outOfNamespace(where: {
  readonly through: readonly string[];
  readonly port: number;
  readonly folder: string;
}): Promise<{ readonly port: number } & AsyncDisposable> {
  await using held = new AsyncDisposableStack();
  const path = join(where.folder, `to-${where.port}`);
  const command = [...where.through, process.execPath, "-e", inside, path, `${where.port}`];
  await held.use(startLines(command, where.folder)).line(/ready/);
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(path);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy()).on("close", () => open.delete(one) && other.destroy());
      one.pipe(other);
    }
  });
  held.defer(() => {
    server.close();
    for (const one of open) one.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const owned = held.move();
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
