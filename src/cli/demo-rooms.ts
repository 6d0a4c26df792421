import { createHash } from "node:crypto";
import { noLoudspeaker, samplesMicrophone } from "../endpoints/machine/files.ts";
import { type RunningRoomStation, startRoomStation } from "../endpoints/room-station/index.ts";
import { findInterface } from "../endpoints/room-station/network.ts";
import { stationSettingsSchema } from "../endpoints/room-station/settings.ts";
import type { RunningHub } from "../main.ts";
import { senderOfName, stationIdOf } from "../protocols/room/station-id.ts";
import { background } from "../util/background.ts";
import { messageOf } from "../util/errors.ts";
import type { CommandContext } from "./command.ts";
import { demoWords, tone } from "./demo-words.ts";

/** A room of the make-believe house. */
interface DemoRoom {
  readonly name: string;
  readonly area: string;
  /** An address of loopback, of its own. */
  readonly address: string;
  /** Of what it answers with where nothing is there to speak its words. */
  readonly pitchHz: number;
}

const demoRooms: readonly DemoRoom[] = [
  { name: "Kitchen", area: "Downstairs", address: "127.0.0.2", pitchHz: 523 },
  { name: "Office", area: "Upstairs", address: "127.0.0.3", pitchHz: 392 },
];

/** Options of {@link addDemoRooms}. */
export interface DemoRoomsOptions {
  /** Where the rooms are: group and port of the hub's configuration. */
  readonly rooms: { readonly group: string; readonly port: number };
  /** The hub's own broker, by its configuration. */
  readonly broker: { readonly port: number } | undefined;
  readonly context: CommandContext;
}

const rateHz = 16_000;
/** It answers when nobody has spoken for so long, and then not for a while. */
const answerAfterMs = 700;
const answerEveryMs = 8000;

/**
 * Two room stations, the real ones, on this machine's loopback: they hear, and answer whoever speaks to them, but not each
 * other. Whoever speaks to one is answered in its room's voice.
 */
async function openDemoRooms(running: RunningHub, how: DemoRoomsOptions): Promise<AsyncDisposable> {
  const { context } = how;
  await using opened = new AsyncDisposableStack();
  const senders = new Set(demoRooms.map(senderOf));
  for (const room of demoRooms) {
    if (context.signal.aborted) break;
    opened.use(await openRoom(room, { ...how, running, senders }));
  }
  return opened.move();
}

/** To whom a room answers: to the other one, and never out of a camera that somebody has added. */
function otherThan(room: DemoRoom): string {
  return demoRooms.find((other) => other !== room)?.name ?? room.name;
}

function senderOf({ name }: DemoRoom): string {
  return senderOfName(`doorward demo ${name}`);
}

async function openRoom(
  room: DemoRoom,
  how: DemoRoomsOptions & { readonly running: RunningHub; readonly senders: ReadonlySet<string> },
): Promise<AsyncDisposable> {
  const { running, context, senders, rooms } = how;
  const { clock, log, signal } = context;
  const { devices, reception } = running.hub;
  const sender = senderOf(room);
  const id = stationIdOf(sender).replaceAll("_", "-");
  await devices.addTransient({ id, name: room.name, area: room.area, arrives: "room" });
  const token = await reception.renew(id, "doorward demo");
  const { pitchHz } = room;
  const text = `This is the ${room.name}. I hear you well.`;
  const words = await demoWords(text, { pitchHz, running, signal }).catch(() => tone(pitchHz));
  let lastHeardMs: number | undefined;
  let answeredMs = Number.NEGATIVE_INFINITY;
  let station: RunningRoomStation | undefined;
  const listen = (nowMs: number) => {
    const hears = station?.hears;
    if (hears !== undefined && !senders.has(hears)) lastHeardMs = nowMs;
    if (!station || lastHeardMs === undefined || hears !== undefined || nowMs - lastHeardMs < answerAfterMs) return;
    lastHeardMs = undefined;
    if (nowMs - answeredMs < answerEveryMs || station.press() !== "talks") return;
    answeredMs = nowMs;
    clock.timer(300 + words.length / (rateHz / 500), () => station?.release());
  };
  station = await startRoomStation({
    room: room.name,
    interface: findInterface(room.address),
    ...rooms,
    sender,
    settings: stationSettingsSchema.parse({ target: otherThan(room) }),
    key: createHash("sha256").update(token).digest(),
    broker: brokerOf(how.broker, { id: stationIdOf(sender), token }),
    microphone: samplesMicrophone(words, clock, { again: true }),
    loudspeaker: noLoudspeaker,
    onTick: listen,
    clock,
    log,
  });
  return station;
}

function brokerOf(broker: DemoRoomsOptions["broker"], who: { readonly id: string; readonly token: string }) {
  if (!broker) return undefined;
  return { url: `mqtt://127.0.0.1:${broker.port}`, username: who.id, password: who.token, version: 4 } as const;
}

/** Opens the rooms while the demo runs on: nobody has to wait for them, and without them there are the cameras. */
export function addDemoRooms(
  running: RunningHub,
  how: DemoRoomsOptions & { readonly opened: AsyncDisposableStack },
): void {
  const { context } = how;
  const opening = openDemoRooms(running, how);
  how.opened.defer(async () => {
    const open = await opening.catch(() => undefined);
    await open?.[Symbol.asyncDispose]();
  });
  background(opening, (error) => {
    if (!context.signal.aborted) context.stderr.write(`doorward demo: the rooms are missing: ${messageOf(error)}\n`);
  });
}
