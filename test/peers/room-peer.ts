import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createOpusEncoder } from "../../src/codecs/opus/index.ts";
import {
  isRoomSilence,
  parseRoomDatagram,
  type RoomPacket,
  type RoomPriority,
  serializeRoomPacket,
} from "../../src/protocols/room/packet.ts";

const group = "224.0.0.100";
const frameSamples = 320;

/** A talk of a {@link RoomPeer}. */
export interface PeerTalk {
  readonly sender: string;
  readonly priority?: RoomPriority;
  /** Frequency of what is said. */
  readonly hz: number;
  readonly frames: number;
  readonly firstSequence?: number;
  readonly copies?: number;
}

/** Somebody at the port of sound on loopback: hears all that stations say, and speaks for as many as it likes. */
export interface RoomPeer extends AsyncDisposable {
  /** Packets that came to the group, with the time at which they did (ms, monotonic). */
  readonly heard: readonly { readonly packet: RoomPacket; readonly atMs: number }[];
  /** The same without silence. */
  words(): RoomPacket[];
  /** Says a tone to the group, 20 ms a packet; resolves when it is over. */
  say(talk: PeerTalk): Promise<void>;
  /** Resolves when so many packets have come. */
  packets(count: number): Promise<void>;
}

/** Joins the group at `port` on loopback. */
export async function joinRoom(port: number): Promise<RoomPeer> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  socket.bind(port, group);
  await once(socket, "listening");
  socket.addMembership(group, "127.0.0.1");
  const out = createSocket("udp4");
  out.bind(0, "127.0.0.1");
  await once(out, "listening");
  out.setMulticastInterface("127.0.0.1");
  const own = new Set<string>();
  const heard: { packet: RoomPacket; atMs: number }[] = [];
  const changed = new EventTarget();
  socket.on("message", (bytes) => {
    const parsed = parseRoomDatagram(bytes);
    if (parsed.kind !== "packet" || own.has(parsed.packet.sender)) return;
    heard.push({ packet: parsed.packet, atMs: performance.now() });
    changed.dispatchEvent(new Event("packet"));
  });
  return {
    heard,
    words: () => heard.map(({ packet }) => packet).filter((packet) => !isRoomSilence(packet)),
    packets: async (count) => {
      while (heard.length < count) await once(changed, "packet");
    },
    say: async (talk) => {
      own.add(talk.sender);
      await say(out, { ...talk, port });
    },
    [Symbol.asyncDispose]: async () => {
      for (const one of [socket, out]) one.close();
    },
  };
}

async function say(socket: Socket, talk: PeerTalk & { readonly port: number }): Promise<void> {
  const { sender, priority = 0, hz, frames, firstSequence = 0, copies = 1, port } = talk;
  using encoder = await createOpusEncoder({ sampleRateHz: 16_000, channels: 1, packetLossPercent: 10 });
  const beganMs = performance.now();
  for (let n = 0; n < frames; n++) {
    const samples = Int16Array.from({ length: frameSamples }, (_, i) =>
      Math.round(9000 * Math.sin((2 * Math.PI * hz * (n * frameSamples + i)) / 16_000)),
    );
    const opus = encoder.encode(new Uint8Array(samples.buffer));
    const bytes = serializeRoomPacket({ sender, priority, sequence: firstSequence + n, opus });
    for (let copy = 0; copy < copies; copy++) socket.send(bytes, port, group);
    const waitMs = beganMs + (n + 1) * 20 - performance.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, waitMs)));
  }
}
