import { createSocket, type Socket } from "node:dgram";
import { isIPv4 } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { signRoomPacket } from "../../protocols/room/authentic.ts";
import { codec, transport } from "../../protocols/room/constants.ts";
import { isRoomSilence, serializeRoomPacket } from "../../protocols/room/packet.ts";
import type { Destination, FromPace, PaceData, TalkWriting, ToPace } from "./messages.ts";
import { OutgoingTalk } from "./outgoing-talk.ts";

// The clock of what is sent to room stations: it waits where no other work of the hub can make it late.

const tickUs = codec.frameMs.value * 1000;
/** So far behind, the machine was asleep: what was missed is not made up for. */
const furthestBehindUs = 100_000;
const maxQueued = 50;
/** By how much later than the first word a word may come without missing its tick. */
const roomUs = 3000;
const troubleEveryUs = 1_000_000;

interface Talk {
  readonly out: OutgoingTalk;
  writing: TalkWriting;
  to: readonly Destination[];
  sequence: number;
  sent: number;
}

const talks = new Map<number, Talk>();
const sockets = new Map<string, Socket>();
const troubles = new Map<string, number>();
const { bed } = workerData as PaceData;
let dueUs = 0;
let ticking = false;

parentPort?.on("message", (message: ToPace) => {
  switch (message.type) {
    case "begin":
      begin(message);
      break;
    case "packet":
      take(message);
      break;
    case "retarget": {
      const talk = talks.get(message.talk);
      if (talk) talk.to = message.to;
      break;
    }
    case "rekey": {
      const talk = talks.get(message.talk);
      if (talk) talk.writing = { ...talk.writing, group: message.group };
      break;
    }
    case "finish":
      talks.get(message.talk)?.out.finish();
      break;
    case "cut":
      talks.get(message.talk)?.out.cut();
      break;
    case "close":
      talks.clear();
      for (const socket of sockets.values()) socket.close();
      parentPort?.close();
  }
});

/**
 * The beat is the talk's: what begins with the first word goes on every 20 ms as the words come. Were it that of the lead-in, each
 * word would wait for it, up to 20 ms.
 */
function take({ talk: id, opus }: Extract<ToPace, { readonly type: "packet" }>): void {
  const talk = talks.get(id);
  if (talk?.out.isLeadIn && talks.size === 1) dueUs = nowUs() + roomUs;
  talk?.out.push(opus);
}

function begin({ talk, to, writing }: Extract<ToPace, { readonly type: "begin" }>): void {
  const { silence, leadIn, trailOut } = writing;
  const out = new OutgoingTalk({ silence, leadIn, trailOut, maxQueued });
  talks.set(talk, { out, writing, to, sequence: writing.sequence, sent: 0 });
  if (ticking) return;
  ticking = true;
  dueUs = nowUs();
  tick();
}

function tick(): void {
  const waitUs = dueUs - nowUs();
  if (waitUs > 0 && Atomics.wait(bed, 0, 0, waitUs / 1000) === "ok") {
    setImmediate(tick);
    return;
  }
  for (const [id, talk] of talks) turn(id, talk);
  const lateUs = nowUs() - dueUs;
  dueUs = lateUs > furthestBehindUs ? nowUs() + tickUs : dueUs + tickUs;
  ticking = talks.size > 0;
  if (ticking) setImmediate(tick);
}

function turn(id: number, talk: Talk): void {
  const opus = talk.out.tick();
  if (opus && opus !== "gap") send(talk, opus);
  if (opus) talk.sequence = (talk.sequence + 1) >>> 0;
  if (!talk.out.over) return;
  talks.delete(id);
  tell({ type: "over", talk: id, sent: talk.sent, dropped: talk.out.dropped });
}

function send(talk: Talk, opus: Uint8Array): void {
  const { sender, priority, key, group } = talk.writing;
  const packet = { sender, sequence: talk.sequence, priority, opus };
  const plain = serializeRoomPacket(packet);
  // Silence stays unsigned: padding would make older firmware take it for sound.
  const bytes = (!isRoomSilence(packet) && signRoomPacket(plain, { own: key, group })) || plain;
  talk.sent++;
  for (const one of talk.to) {
    socketFor(one).send(bytes, one.port, one.address, (error) => error && trouble(one.address, error));
  }
}

/** A socket for each interface, that stations hear and we do not. */
function socketFor(to: Destination): Socket {
  const name = to.interface ?? (isIPv4(to.address) ? "" : "6");
  let socket = sockets.get(name);
  if (socket) return socket;
  socket = createSocket(isIPv4(to.address) ? "udp4" : "udp6");
  socket.on("error", (error) => trouble(to.address, error));
  socket.bind({ port: 0, ...(to.interface !== undefined && { address: to.interface }), exclusive: true }, () => {
    socket?.setMulticastTTL(transport.timeToLive.value);
    socket?.setMulticastLoopback(false);
    if (to.interface !== undefined) socket?.setMulticastInterface(to.interface);
  });
  sockets.set(name, socket);
  return socket;
}

function trouble(address: string, error: Error): void {
  const lastUs = troubles.get(address);
  if (lastUs !== undefined && nowUs() - lastUs < troubleEveryUs) return;
  troubles.set(address, nowUs());
  tell({ type: "trouble", address, message: error.message });
}

function tell(message: FromPace): void {
  parentPort?.postMessage(message);
}

function nowUs(): number {
  return performance.now() * 1000;
}
