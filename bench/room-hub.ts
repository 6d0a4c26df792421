import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Page } from "playwright-core";
import { createOpusEncoder } from "../src/codecs/opus/index.ts";
import type { RunningRoomStation } from "../src/endpoints/room-station/index.ts";
import { codec } from "../src/protocols/room/constants.ts";
import { serializeRoomPacket } from "../src/protocols/room/packet.ts";
import { senderOfName } from "../src/protocols/room/station-id.ts";
import { microphoneWav } from "../test/e2e/talk-rig.ts";
import { roomClient } from "../test/peers/room-client.ts";
import { openBrowser } from "./browser.ts";
import { round } from "./figures.ts";
import { type BenchHub, startHub, temporaryFolder } from "./hub.ts";
import { cpuSeconds } from "./process-figures.ts";
import { benchStation, bursts, burstsMs, delaysOf, deviceIdOf, listener, talks } from "./room-stations.ts";

/** The mouths speak on a group that the hub hears and no other station does. */
const mouthGroup = "239.255.0.77";
const earGroup = "224.0.0.100";
const browserBursts = 30;
const relayMs = 5000;
/** Listeners of each kind. */
export const relayListeners = 20;

interface RoomHub extends AsyncDisposable {
  readonly hub: BenchHub;
  readonly port: number;
  readonly webUrl: string;
  station(
    name: string,
    how: { readonly last: number; readonly speaks?: number[]; readonly hears?: number[] },
  ): Promise<RunningRoomStation>;
}

/** A hub with rooms on loopback, everybody let in. */
async function startRoomHub({
  room = {},
  probe = false,
}: {
  readonly room?: object;
  readonly probe?: boolean;
} = {}): Promise<RoomHub> {
  await using opened = new AsyncDisposableStack();
  const [port, webPort] = [await freePort("udp"), await freePort("tcp")];
  const execArgv = probe ? ["--import", new URL("./hub-probe.ts", import.meta.url).href] : [];
  const config = { enrolment: "open", room: { group: mouthGroup, port, webPort, interfaces: ["lo"], ...room } };
  const hub = opened.use(await startHub({ config, execArgv }));
  const owned = opened.move();
  return {
    hub,
    port,
    webUrl: `ws://127.0.0.1:${webPort}/ws`,
    station: (name, { last, speaks, hears }) =>
      benchStation({
        name,
        address: `127.0.0.${last}`,
        group: speaks ? mouthGroup : earGroup,
        port,
        ...(speaks && { microphone: bursts(speaks) }),
        ...(hears && { loudspeaker: listener(hears) }),
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** From the first sample at one station's microphone to the first at the other's loudspeaker, by way of the hub, ms. */
export async function throughHub(): Promise<number[]> {
  await using rooms = await startRoomHub();
  const [spokenMs, heardMs]: [number[], number[]] = [[], []];
  await using _ear = await rooms.station("Ear", { last: 3, hears: heardMs });
  await using mouth = await rooms.station("Mouth", { last: 2, speaks: spokenMs });
  await isKnown(rooms, "Ear", 3);
  await wait(800);
  return await talks(mouth, { spokenMs, heardMs });
}

/** The same from Chromium's microphone: from its first sample in the page, through the page's talk bar, to the station. */
export async function fromBrowser(): Promise<number[]> {
  await using rooms = await startRoomHub();
  const heard: number[] = [];
  await using _ear = await rooms.station("Ear", { last: 3, hears: heard });
  await isKnown(rooms, "Ear", 3);
  await using browser = await openPage(rooms.hub);
  const { page } = browser;
  await page.goto(`${rooms.hub.url}#/room/${deviceIdOf("Ear")}`);
  const box = await page.locator("dw-talk .hold").boundingBox();
  if (!box) throw new Error("the page has no talk bar");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.locator("dw-talk .words").getByText("Speak now").waitFor();
  await wait(2000);
  const warm = heard.length;
  await wait(burstsMs(browserBursts));
  await page.mouse.up();
  const spoken = await page.evaluate(() => (window as unknown as { spokenMs: number[] }).spokenMs);
  return delaysOf(spoken, heard.slice(warm)).filter((ms) => ms < 450);
}

/** How often the floor is asked for by a client of the room web socket, and how long the answer takes in the hub and as it sees it. */
export async function decisions(
  count: number,
): Promise<{ readonly hubMs: readonly number[]; readonly seenMs: readonly number[] }> {
  await using rooms = await startRoomHub({ probe: true });
  await using clients = await openClients(rooms, relayListeners);
  await wait(500);
  const seenMs: number[] = [];
  for (let n = 0; n < count; n++) {
    const client = clients.list[n % clients.list.length]!;
    const beganMs = performance.now();
    client.say({ type: "ptt_start", target: "all", priority: "Normal" });
    await client.next("state", { status: "transmitting" });
    seenMs.push(performance.now() - beganMs);
    client.say({ type: "ptt_stop" });
    await client.next("state", { status: "idle" });
    await wait(10);
  }
  rooms.hub.child.send({ type: "report" });
  const [{ tookUs }] = (await once(rooms.hub.child, "message")) as [{ readonly tookUs: readonly number[] }];
  return { hubMs: tookUs.map((us) => us / 1000), seenMs };
}

/** How a stream of Opus reaches listeners, and the CPU of hub and worker for one stream to all, in % of a core. */
export type ListenerKind = "nobody" | "stations, once to the group" | "stations, to each" | "PCM clients" | "browsers";

/** CPU of the hub and its workers while one station speaks to so many listeners of a kind, % of a core. */
export async function relayed(kind: ListenerKind): Promise<number> {
  await using rooms = await startRoomHub(kind === "stations, to each" ? { room: { delivery: "unicast" } } : {});
  await using opened = new AsyncDisposableStack();
  const mouth = await wordsOf("Mouth", { address: "127.0.0.2", group: mouthGroup, port: rooms.port });
  opened.use(mouth);
  await mouth.speak(300);
  await live(rooms, "Mouth");
  if (kind === "PCM clients") opened.use(await openClients(rooms, relayListeners));
  if (kind.startsWith("stations")) {
    for (let n = 0; n < relayListeners; n++) await isKnown(rooms, `Ear ${n}`, 10 + n);
  }
  if (kind === "nobody") await isKnown(rooms, "Ear", 3);
  if (kind === "browsers") {
    const { page } = opened.use(await openPage(rooms.hub));
    await page.goto(`${rooms.hub.url}health`);
    await page.evaluate(listen, { path: `/whep/${deviceIdOf("Mouth")}`, count: relayListeners });
  }
  await wait(1000);
  await mouth.speak(600);
  await wait(1000);
  const pids = () => [rooms.hub.pid, rooms.hub.webrtcPid()].filter((pid) => pid !== undefined);
  const spent = () => pids().reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const before = spent();
  await mouth.speak(relayMs);
  return round(((spent() - before) / relayMs) * 1e5, 2);
}

/** Packets of a voice from one address, without a whole station. */
async function wordsOf(name: string, to: { readonly address: string; readonly group: string; readonly port: number }) {
  const { address, group, port } = to;
  const socket = createSocket("udp4").bind(0, address);
  await once(socket, "listening");
  socket.setMulticastInterface(address);
  using encoder = await createOpusEncoder({ sampleRateHz: 16_000, channels: 1, bitrateBps: 32_000 });
  const voice = Array.from({ length: 50 }, (_, n) => {
    const block = Int16Array.from({ length: 320 }, (_, i) => 9000 * Math.sin((n * 320 + i) * 0.17) * Math.random());
    return Uint8Array.from(encoder.encode(new Uint8Array(block.buffer)));
  });
  let sequence = Math.floor(Date.now() / codec.frameMs.value);
  return {
    speak: async (ms: number) => {
      const beganMs = performance.now();
      for (let n = 0; n * 20 < ms; n++) {
        const opus = voice[n % voice.length]!;
        socket.send(
          serializeRoomPacket({ sender: senderOfName(name), sequence: sequence++, priority: 0, opus }),
          port,
          group,
        );
        await wait(Math.max(0, beganMs + (n + 1) * 20 - performance.now()));
      }
    },
    [Symbol.dispose]: () => socket.close(),
  };
}

/** A station says a word on its group, so that the hub knows it and where it is. */
async function isKnown(rooms: RoomHub, name: string, last: number): Promise<void> {
  using words = await wordsOf(name, { address: `127.0.0.${last}`, group: earGroup, port: rooms.port });
  await words.speak(120);
  await live(rooms, name);
}

async function live({ hub }: RoomHub, name: string): Promise<void> {
  for (let n = 0; n < 100; n++) {
    const answer = await hub.call("api/v1/devices");
    const { devices } = (await answer.json()) as {
      devices: { readonly id: string; readonly state: { phase: string } }[];
    };
    if (devices.some(({ id, state }) => id === deviceIdOf(name) && state.phase === "live")) return;
    await wait(50);
  }
  throw new Error(`${name} did not come`);
}

async function openClients({ webUrl }: RoomHub, count: number) {
  await using opened = new AsyncDisposableStack();
  const list = await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const client = opened.use(await roomClient(webUrl, { name: `Tablet ${n}` }));
      await client.next("dnd");
      return client;
    }),
  );
  const owned = opened.move();
  return { list, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Runs in a page of the hub: listens to a device by so many connections, and resolves when they stand. */
async function listen({ path, count }: { readonly path: string; readonly count: number }): Promise<void> {
  for (let n = 0; n < count; n++) {
    const peer = new RTCPeerConnection();
    peer.addTransceiver("audio", { direction: "recvonly" });
    await peer.setLocalDescription();
    const headers = { "content-type": "application/sdp", "x-doorward": "1" };
    const answer = await fetch(path, { method: "POST", headers, body: peer.localDescription?.sdp ?? "" });
    await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    while (peer.connectionState !== "connected") {
      if (peer.connectionState === "failed") throw new Error("a listener does not connect");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** A page in Chromium, signed in, with bursts in its microphone. */
async function openPage(hub: BenchHub): Promise<{ readonly page: Page } & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await temporaryFolder());
  const microphone = join(path, "bursts.wav");
  const rateHz = 48_000;
  const burst = Int16Array.from(
    { length: rateHz * 0.2 },
    (_, i) => 20_000 * Math.sin((i * 2 * Math.PI * 700) / rateHz),
  );
  await writeFile(microphone, microphoneWav(burst, { rateHz, before: 0.15, after: 0.15 }));
  const { context } = opened.use(await openBrowser({ profileDir: join(path, "profile"), microphoneWav: microphone }));
  const [name = "", value = ""] = hub.cookie.split("=");
  await context.addCookies([{ name, value, url: hub.url }]);
  await context.addInitScript(noteWords);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const owned = opened.move();
  return { page, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Runs in the page: notes when sound begins in its microphone. */
function noteWords(): void {
  const spokenMs: number[] = [];
  Object.assign(window, { spokenMs });
  const nowMs = () => performance.timeOrigin + performance.now();
  type Sound = { numberOfFrames: number; copyTo(to: Float32Array, how: object): void; close(): void };
  const { MediaStreamTrackProcessor: Processor } = window as unknown as {
    MediaStreamTrackProcessor: new (options: {
      track: MediaStreamTrack;
    }) => { readonly readable: ReadableStream<Sound> };
  };
  const devices = navigator.mediaDevices;
  const ask = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    const stream = await ask(constraints);
    const [track] = stream.getAudioTracks();
    if (track) void follow(track.clone());
    return stream;
  };
  async function follow(track: MediaStreamTrack): Promise<void> {
    const reader = new Processor({ track }).readable.getReader();
    let lastMs = 0;
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      const samples = new Float32Array(step.value.numberOfFrames);
      step.value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      step.value.close();
      if (!samples.some((sample) => Math.abs(sample) > 0.03)) continue;
      if (nowMs() - lastMs > 100) spokenMs.push(nowMs() - 10);
      lastMs = nowMs();
    }
  }
}

async function freePort(kind: "udp" | "tcp"): Promise<number> {
  if (kind === "udp") {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    const { port } = socket.address();
    socket.close();
    return port;
  }
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
