import { createHash } from "node:crypto";
import { once } from "node:events";
import { listenToGpio, listenToKeys } from "../../endpoints/machine/button.ts";
import { StateFile } from "../../endpoints/machine/state-file.ts";
import { enrol, newStationToken } from "../../endpoints/room-station/enrol.ts";
import {
  type RoomStationOptions,
  type RunningRoomStation,
  senderOf,
  startRoomStation,
} from "../../endpoints/room-station/index.ts";
import { findInterface } from "../../endpoints/room-station/network.ts";
import { type RoomState, roomStateSchema } from "../../endpoints/room-station/state.ts";
import type { PressResult } from "../../endpoints/room-station/station.ts";
import type { StationCallNews } from "../../protocols/room/calls.ts";
import { transport } from "../../protocols/room/constants.ts";
import { stationIdOf } from "../../protocols/room/station-id.ts";
import { FatalError, messageOf } from "../../util/errors.ts";
import type { CommandContext } from "../command.ts";
import { openSound } from "../open-sound.ts";
import type { StationArguments } from "./arguments.ts";
import { scriptOf } from "./script.ts";

/** Runs a station until Ctrl+C, or as long as it is told. */
export async function runStation(args: StationArguments, context: CommandContext): Promise<number> {
  const { clock, log, stderr, signal } = context;
  const own = findInterface(args.interface);
  const sender = senderOf(own, args.room);
  const file = new StateFile({
    path: args.statePath,
    schema: roomStateSchema,
    onError: (error) => stderr.write(`doorward room-station: nothing can be kept: ${messageOf(error)}\n`),
  });
  const end = new AbortController();
  const over = AbortSignal.any([signal, end.signal]);
  const settings = { ...file.state.settings, ...args.settings };
  const place = args.hub === undefined ? placeOf(args) : await enrolled(args, { sender, file, context });
  await using sound = await openSound(args, { clock, tell: tellTo(context) });
  let station: RunningRoomStation | undefined;
  const script = scriptOf(args, { station: () => station, tell: tellTo(context), end: () => end.abort() });
  await using running = await startRoomStation({
    ...sound,
    room: args.room,
    interface: own,
    sender,
    settings,
    ...place,
    discovery: args.discovery,
    echoCancelled: args.echoCancel,
    peers: args.peers,
    onSettings: (now) => file.set({ settings: now }),
    onBroker: (state) => tellTo(context)(state === "connected" ? "the broker is there" : `the broker: ${state.lost}`),
    onCall: (news) => tellTo(context)(sayCall(news)),
    onTick: script,
    clock,
    log,
  });
  station = running;
  using _button = openButton(args, { station: running, context });
  tellTo(context)(`${args.room} is ${running.id} at ${own.address}, on ${place.group}`);
  if (!over.aborted) await once(over, "abort");
  await file.flushed();
  if (args.json) stderr.write(`${JSON.stringify({ id: running.id, ...running.counters })}\n`);
  return 0;
}

/** Says something to people: on standard error, since standard output may be sound. */
function tellTo({ stderr }: CommandContext): (text: string) => void {
  return (text) => {
    stderr.write(`doorward room-station: ${text}\n`);
  };
}

/** How a call stands, in words. */
function sayCall({ state, who = "somebody", why }: StationCallNews): string {
  const words = {
    calling: `calling ${who}`,
    ringing: `${who} calls: the talk button answers`,
    answered: `in a call with ${who}`,
    idle: `no call${why === undefined ? "" : ` any more: ${why}`}`,
  };
  return words[state];
}

/** Where the sound is, and the messages. */
type Place = Pick<RoomStationOptions, "group" | "port" | "key" | "broker">;

function placeOf(args: StationArguments): Place {
  const { mqtt, user, version, group, port } = args;
  const password = user === undefined ? undefined : process.env["DOORWARD_MQTT_PASSWORD"];
  return {
    group: group ?? transport.group.value,
    port: port ?? transport.port.value,
    key: keyOf(process.env["ROOM_KEY"]),
    broker: mqtt === undefined ? undefined : { url: mqtt, username: user, password, version },
  };
}

/** Asks the hub to be let in, and takes the rest from there; what the command line says goes before. */
async function enrolled(
  args: StationArguments,
  how: { readonly sender: string; readonly file: StateFile<RoomState>; readonly context: CommandContext },
): Promise<Place> {
  const { sender, file, context } = how;
  const { clock, signal } = context;
  const tell = tellTo(context);
  const id = stationIdOf(sender);
  const deviceId = id.replaceAll("_", "-");
  const token = file.state.token ?? newStationToken();
  file.set({ token });
  await file.flushed();
  const admission = await enrol({
    hub: args.hub ?? "",
    deviceId,
    room: args.room,
    token,
    ca: file.state.ca,
    onWaiting: (why) => {
      if (why !== "approval") return tell(`${why.unreachable}; it is asked again`);
      tell(`${deviceId} waits to be let in: on the hub's page, or by "doorward enrol approve ${deviceId}"`);
    },
    onTrust: ({ ca, fingerprint }) => {
      file.set({ ca });
      tell(`the hub made its certificate by itself; it is known from now on by ${fingerprint}`);
    },
    clock,
    signal,
  });
  const url = args.mqtt ?? admission.broker;
  if (url === undefined) tell("the hub has no broker that can be reached from here: only All Rooms can be talked to");
  return {
    group: args.group ?? admission.group,
    port: args.port ?? admission.port,
    key: createHash("sha256").update(token).digest(),
    broker: url === undefined ? undefined : { url, username: id, password: token, version: args.version },
  };
}

function keyOf(hex: string | undefined): Uint8Array | undefined {
  if (hex === undefined) return undefined;
  if (!/^(?:[0-9a-f]{2}){1,64}$/i.test(hex)) throw new FatalError("ROOM_KEY is not 2 to 128 hexadecimal digits");
  return Buffer.from(hex, "hex");
}

const pressed: Readonly<Record<Exclude<PressResult, "talks">, string>> = {
  answers: "answered",
  busy: "no talk: somebody else talks",
  locked: "no talk: a call was sent just now",
  nobody: "no talk: this room is not there",
};

function openButton(
  args: StationArguments,
  how: { readonly station: RunningRoomStation; readonly context: CommandContext },
): Disposable {
  const { station, context } = how;
  const tell = tellTo(context);
  const button = args.button ?? (process.stdin.isTTY && args.in !== "-" ? { kind: "key" } : undefined);
  const events = {
    press: () => {
      if (station.callNews.state !== "ringing" && station.hangUp()) return;
      const result = station.press();
      tell(result === "talks" ? `talking to ${station.settings.target}` : pressed[result]);
    },
    // A key is pressed once more to end what it began.
    release: () => {
      if (button?.kind === "key" && station.callNews.state === "answered") station.hangUp();
      else station.release();
    },
    onTrouble: tell,
  };
  if (button?.kind === "key") return listenToKeys(events);
  if (button?.kind === "gpio") return listenToGpio(button, events);
  return { [Symbol.dispose]: () => {} };
}
