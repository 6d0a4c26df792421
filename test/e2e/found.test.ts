import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { version } from "../../src/util/version.ts";
import { startGstServer } from "../peers/gst.ts";
import { type MdnsSays, startMdnsPeer } from "../peers/mdns-peer.ts";
import { startLines } from "./child-lines.ts";
import { openRoomNet, type RoomEnd, type RoomNet } from "./room-net.ts";

const root = join(import.meta.dirname, "..", "..");
const isRemoved = ({ event }: MdnsSays) => event === "removed";
const type = "_doorward._tcp.local.";

describe("a hub, those who look for it, and the cameras that it looks for, in a network of their own", {
  concurrency: true,
}, () => {
  let [folder, net]: [string, RoomNet | undefined] = ["", undefined];
  let [house, neighbour, garden, shed] = [] as unknown as [RoomEnd, RoomEnd, RoomEnd, RoomEnd];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "doorward-found-"));
    await writeFile(join(folder, "doorward.yaml"), "devices: {}\n");
    net = await openRoomNet([{}, {}, {}, {}]);
    [house, neighbour, garden, shed] = net.ends as [RoomEnd, RoomEnd, RoomEnd, RoomEnd];
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

  it("finds an ONVIF camera, one that announces itself and what each is, and their pictures by name and password", async () => {
    const login = { username: "admin", password: "door&bell" };
    const launch = "( videotestsrc is-live=true ! x264enc tune=zerolatency ! rtph264pay name=pay0 pt=96 )";
    await using opened = new AsyncDisposableStack();
    const rtsp = async ({ address, through }: RoomEnd, path: string, port = 554) =>
      opened.use(await startGstServer({ launch, address, through, path, port, ...login }));
    const [one] = await Promise.all([
      rtsp(neighbour, "/live/ch1"),
      rtsp(garden, "/h264Preview_01_main"),
      rtsp(shed, "/live", 8554),
    ]);
    // What is open at the usual port need not be RTSP.
    const web = ["python3", "-u", "-m", "http.server", "554", "--bind", shed.address];
    await opened.use(startLines([...shed.through, ...web], root)).line(/Serving/);
    const told = JSON.stringify({ host: neighbour.address, password: login.password, uri: one.address });
    const script = join(root, "test", "peers", "network-camera.ts");
    await opened.use(startLines([...neighbour.through, process.execPath, script, told], root)).line(/there/);
    const announced = ["announce", garden.address, "_rtsp._tcp.local.", "Reolink RLC-410", "554"];
    opened.use(await startMdnsPeer(announced, garden.through));

    const lines = (await discover(["--json"])).out.trim().split("\n");
    const found = new Map(lines.map((line) => [JSON.parse(line).host, JSON.parse(line)]));
    assert.deepEqual([...found.keys()].sort(), [neighbour.address, garden.address, shed.address]);
    assert.equal(found.get(shed.address).rtspPort, 8554);
    const { by, ...camera } = found.get(neighbour.address);
    assert.deepEqual(new Set(by), new Set(["onvif", "port"]));
    const onvif = `http://${neighbour.address}/onvif/device_service`;
    const model = { name: "HIKVISION DS-2CD2143", model: "DS-2CD2143", maker: "Hikvision" };
    assert.deepEqual(camera, { host: neighbour.address, ...model, onvif, rtspPort: 554 });
    const { by: other, ...announcing } = found.get(garden.address);
    assert.deepEqual(new Set(other), new Set(["mdns", "port"]));
    assert.deepEqual(announcing, { host: garden.address, name: "Reolink RLC-410", maker: "Reolink", rtspPort: 554 });

    const of = ({ address }: RoomEnd, password = login.password) =>
      discover([address, "--username", "admin", "--password", password]);
    const [named, guessed, wrong, without] = await Promise.all([
      of(neighbour),
      of(garden),
      of(garden, "guess"),
      discover([garden.address]),
    ]);
    assert.equal(named.out, `${one.address} large\n${one.address.slice(0, -1)}2 small\n`);
    assert.equal(guessed.out, `rtsp://${garden.address}/h264Preview_01_main\n`);
    assert.match(wrong.errors, /refuses the user name or password/);
    assert.match(without.errors, /asks for a user name and password/);
  });

  /** `doorward discover` at the hub's end. */
  async function discover(words: readonly string[]): Promise<{ readonly out: string; readonly errors: string }> {
    const command = [...house.through, process.execPath, join(root, "bin", "doorward.js"), "discover", ...words];
    const child = spawn(command[0] ?? "", command.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
    const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    return { out, errors };
  }

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
