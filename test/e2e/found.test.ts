import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { version } from "../../src/util/version.ts";
import { type MdnsSays, startMdnsPeer } from "../peers/mdns-peer.ts";
import { openRoomNet, type RoomEnd, type RoomNet } from "./room-net.ts";

const root = join(import.meta.dirname, "..", "..");
const isRemoved = ({ event }: MdnsSays) => event === "removed";
const type = "_doorward._tcp.local.";

describe("a hub and those who look for it, in a network of their own", () => {
  let [folder, net]: [string, RoomNet | undefined] = ["", undefined];
  let [house, neighbour] = [] as unknown as [RoomEnd, RoomEnd];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "doorward-found-"));
    await writeFile(join(folder, "doorward.yaml"), "devices: {}\n");
    net = await openRoomNet([{}, {}]);
    [house, neighbour] = net.ends as [RoomEnd, RoomEnd];
  });

  after(async () => {
    await net?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it("is seen by python-zeroconf, under another name where its own is taken, and gone after its goodbye", async () => {
    const name = `Doorward on ${hostname().split(".")[0]}`;
    const there = ["announce", neighbour.address, type, name, "9", "id=0000000000000000"];
    await using _other = await startMdnsPeer(there, neighbour.through);
    const wanted = ["browse", neighbour.address, type, "_https._tcp.local."];
    await using peer = await startMdnsPeer(wanted, neighbour.through);
    await using hub = await startHub();
    const { port } = hub;
    const seen = await peer.next("the hub is seen", (said) => said.event === "added" && said.port === port);
    const id = seen.txt?.["id"] ?? "";
    assert.match(id, /^[0-9a-f]{16}$/);
    const txt = { id, name: `${name} (2)`, scheme: "https", version, path: "/" };
    assert.deepEqual(
      { ...seen, host: undefined },
      { event: "added", type, name: `${name} (2)`, port, addresses: [house.address], host: undefined, txt },
    );
    const page = await peer.next("its page is seen", (said) => said.event === "added" && said.type !== type);
    assert.deepEqual([page.type, page.name, page.port], ["_https._tcp.local.", name, port]);
    const leftMs = performance.now();
    await hub[Symbol.asyncDispose]();
    const gone = [await peer.next("goodbye", isRemoved), await peer.next("goodbye of the page", isRemoved)];
    assert.deepEqual(new Set(gone.map((said) => said.type)), new Set([type, "_https._tcp.local."]));
    assert.ok(performance.now() - leftMs < 5_000, "the goodbye was sent, and nothing ran out");
  });

  /** A hub at its end of the network, that announces itself. */
  async function startHub() {
    const [command = "", ...args] = [
      ...house.through,
      ...[process.execPath, join(root, "bin", "doorward.js"), "hub", "--json"],
      ...["--http-port", "0", "--https-port", "0"],
    ];
    const child = spawn(command, args, {
      ...{ cwd: folder, stdio: ["ignore", "pipe", "inherit"] },
      env: { ...process.env, DOORWARD_MDNS: "on" },
    });
    const { httpsUrl } = JSON.parse(String((await once(child.stdout, "data"))[0])) as { httpsUrl: string };
    const end = async () => {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    };
    return { port: Number(new URL(httpsUrl).port), [Symbol.asyncDispose]: end };
  }
});
