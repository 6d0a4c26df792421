import { once } from "node:events";
import WebSocket from "ws";
import { createOpusEncoder } from "../../src/codecs/opus/index.ts";
import type { TalkMessage } from "../../src/surfaces/page/messages.ts";
import { AsyncQueue } from "../../src/util/queue.ts";
import type { HubRig } from "./hub-rig.ts";
import { weriftViewer } from "./webrtc-werift.ts";

/** The hub's answer, and how long the peer waited for it. */
export interface TalkAnswer {
  readonly message: TalkMessage;
  readonly tookMs: number;
}

/** A page without a browser: a viewer by another WebRTC implementation, its voice (a tone), and the page's socket. */
export interface TalkPeer extends AsyncDisposable {
  readonly toneHz: number;
  /** Asks for the floor and gives the first answer. */
  take(priority?: 0 | 1 | 2): Promise<TalkAnswer>;
  release(): void;
  /** The next answer to its wish. */
  next(): Promise<TalkMessage>;
}

/** Watches `device` as whoever `cookie` belongs to and hums from then on. */
export async function openTalkPeer(
  rig: HubRig,
  options: { readonly device: string; readonly toneHz: number; readonly cookie?: string },
): Promise<TalkPeer> {
  const { device, toneHz, cookie = rig.cookie } = options;
  await using held = new AsyncDisposableStack();
  const base = rig.running.httpUrl;
  const origin = base.slice(0, -1);
  const viewer = held.use(await weriftViewer({ setup: "active" }));
  const answer = await fetch(`${base}whep/${device}`, {
    method: "POST",
    headers: { "content-type": "application/sdp", "x-doorward": "1", origin, cookie },
    body: viewer.offerSdp,
  });
  if (answer.status !== 201) throw new Error(`no picture: ${answer.status} ${await answer.text()}`);
  const whep = (answer.headers.get("location") ?? "").split("/").at(-1) ?? "";
  await viewer.accept(await answer.text());
  await viewer.connected;
  const packets = await hum(toneHz);
  let sequence = 0;
  const humming = setInterval(() => {
    const payload = packets[sequence % packets.length] as Uint8Array;
    viewer.speak({ sequence: sequence & 0xffff, timestamp: sequence * 960, payload });
    sequence++;
  }, 20);
  held.defer(() => clearInterval(humming));
  const socket = new WebSocket(`${origin.replace("http", "ws")}/api/v1/events`, { headers: { cookie }, origin });
  held.defer(() => socket.terminate());
  const told = new AsyncQueue<TalkMessage>({ max: 100 });
  socket.on("message", (data) => {
    const message = JSON.parse(String(data)) as { readonly type: string };
    if (message.type === "talk") told.push(message as TalkMessage);
  });
  await once(socket, "open");
  const messages = told[Symbol.asyncIterator]();
  const next = async () => {
    const step = await messages.next();
    if (step.done) throw new Error("the socket closed");
    return step.value;
  };
  let turn = 0;
  const owned = held.move();
  return {
    toneHz,
    take: async (priority = 0) => {
      const startMs = performance.now();
      socket.send(JSON.stringify({ type: "talk-take", turn: ++turn, to: `device:${device}`, voice: whep, priority }));
      const message = await next();
      return { message, tookMs: performance.now() - startMs };
    },
    release: () => socket.send(JSON.stringify({ type: "talk-release", turn })),
    next,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A second of a tone as Opus packets of 20 ms. */
async function hum(toneHz: number): Promise<Uint8Array[]> {
  using encoder = await createOpusEncoder({ sampleRateHz: 48_000, channels: 1, application: "audio" });
  return Array.from({ length: 50 }, (_, n) => {
    const samples = Int16Array.from({ length: 960 }, (_, i) =>
      Math.round(9000 * Math.sin((2 * Math.PI * toneHz * (n * 960 + i)) / 48_000)),
    );
    return encoder.encode(new Uint8Array(samples.buffer)).slice();
  });
}

/**
 * How much of a tone is in `samples`, 0 to 1, on the average of windows of 100 ms: a packet that is lost changes the
 * tone's phase, not its pitch. Multiples of 10 Hz have no part in each other.
 */
export function share(samples: Int16Array, options: { readonly toneHz: number; readonly rateHz: number }): number {
  const size = options.rateHz / 10;
  const count = Math.floor(samples.length / size);
  let sum = 0;
  for (let n = 0; n < count; n++) sum += shareOf(samples.subarray(n * size, (n + 1) * size), options);
  return count === 0 ? 0 : sum / count;
}

/** Goertzel: the part of the energy. */
function shareOf(samples: Int16Array, options: { readonly toneHz: number; readonly rateHz: number }): number {
  const step = (2 * Math.PI * options.toneHz) / options.rateHz;
  let energy = 0;
  let [real, imaginary] = [0, 0];
  for (const [i, sample] of samples.entries()) {
    energy += sample * sample;
    real += sample * Math.cos(step * i);
    imaginary += sample * Math.sin(step * i);
  }
  return energy === 0 ? 0 : (2 * (real * real + imaginary * imaginary)) / (energy * samples.length);
}
