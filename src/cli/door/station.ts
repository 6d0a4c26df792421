import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import {
  DoorCommandError,
  type DoorHandler,
  type DoorStreamEvent,
  startDoorStation,
} from "../../endpoints/door/index.ts";
import { listenToGpio, listenToKeys } from "../../endpoints/machine/button.ts";
import { pulseRelay } from "../../endpoints/machine/relay.ts";
import { StateFile } from "../../endpoints/machine/state-file.ts";
import { messageOf } from "../../util/errors.ts";
import type { CommandContext } from "../command.ts";
import { openSound } from "../open-sound.ts";
import { countersText, stateTeller, tellOf } from "./common.ts";
import type { DoorStationArguments } from "./station-arguments.ts";
import { untilOver } from "./until-over.ts";

const stateSchema = z.object({
  /** By which the hub knows it; secret. */
  token: z.string().max(128).optional(),
});

/** How the program shows itself in what it says. */
const program = "door-station";
const programMs = 10_000;

/** Runs a door station until Ctrl+C, or as long as it is told. */
export async function runDoorStation(args: DoorStationArguments, context: CommandContext): Promise<number> {
  const { clock, log, stderr } = context;
  const tell = tellOf(program, context);
  const token = process.env["DOORWARD_DOOR_TOKEN"] ?? (args.ownToken ? await keptToken(args, tell) : undefined);
  await using sound = await openSound(
    { ...args.sound, records: args.hasSound, plays: args.hasSound },
    { ...args, clock, tell },
  );
  const counted = { rings: 0, streams: 0, sent: 0, received: 0, lost: 0, commands: 0 };
  const onStream = (event: DoorStreamEvent) => {
    if (event.type === "began") counted.streams++;
    else for (const key of ["sent", "received", "lost"] as const) counted[key] += event.counters[key];
    const what = event.type === "began" ? "hears and speaks" : `has ended: ${countersText(event.counters)}`;
    tell(`${event.origin} ${what}`);
  };
  const state = stateTeller(args, tell);
  await using station = startDoorStation({
    ...args.address,
    clientId: args.clientId,
    token,
    ...(args.hasSound && { sound: { ...sound, ...args.form } }),
    commands: handlersOf(args, { tell, clock, onCommand: () => counted.commands++ }),
    onState: (now) => {
      state(now);
      if (now.state === "connected") ringing.begin();
    },
    onStream,
    clock,
    log,
  });
  const press = () => {
    counted.rings++;
    station.ring(args.bell);
    tell(station.isConnected ? "it rings" : "it rings, but there is no hub");
  };
  const ringing = ringOnce(args, { press, context });
  using _button = openButton(args, { press, tell });
  using _signal = onRingSignal(press);
  await untilOver({ ended: station.ended, runForMs: args.runForMs, context });
  await station[Symbol.asyncDispose]();
  if (args.json) stderr.write(`${JSON.stringify({ id: args.clientId, ...counted })}\n`);
  return 0;
}

/** A token that the station made by itself and keeps: the hub lets in whoever has it, once a person said so. */
async function keptToken(args: DoorStationArguments, tell: (text: string) => void): Promise<string> {
  const file = new StateFile({
    path: args.statePath,
    schema: stateSchema,
    onError: (error) => tell(`nothing can be kept: ${messageOf(error)}`),
  });
  const token = file.state.token ?? `dwd_own_${randomBytes(32).toString("base64url")}`;
  file.set({ token });
  await file.flushed().catch(() => {}); // told above
  return token;
}

/** The press that the command line asks for: so long after the first registration. */
function ringOnce(
  { ringAtMs }: DoorStationArguments,
  how: { readonly press: () => void; readonly context: CommandContext },
): { begin(): void } {
  const { press, context } = how;
  let begun = false;
  return {
    begin: () => {
      if (begun || ringAtMs === undefined) return;
      begun = true;
      context.clock.timer(ringAtMs, press);
    },
  };
}

function openButton(
  { button, sound }: DoorStationArguments,
  how: { readonly press: () => void; readonly tell: (text: string) => void },
): Disposable {
  const { press, tell } = how;
  const kind = button ?? (process.stdin.isTTY && sound.in !== "-" ? { kind: "key" } : undefined);
  // Each stroke of a key is a press of a bell; a terminal's button takes every second one for its end.
  if (kind?.kind === "key") return listenToKeys({ press, release: press, onTrouble: tell });
  if (kind?.kind === "gpio") return listenToGpio(kind, { press, release: () => {}, onTrouble: tell });
  return { [Symbol.dispose]: () => {} };
}

/** For scripts that have a button of their own. */
function onRingSignal(press: () => void): Disposable {
  process.on("SIGUSR2", press);
  return { [Symbol.dispose]: () => process.off("SIGUSR2", press) };
}

function handlersOf(
  args: DoorStationArguments,
  how: {
    readonly tell: (text: string) => void;
    readonly clock: CommandContext["clock"];
    readonly onCommand: () => void;
  },
): Readonly<Record<string, DoorHandler>> {
  const { tell, clock, onCommand } = how;
  const handlers: Record<string, DoorHandler> = {};
  const { relay, relayMs } = args;
  if (relay !== undefined) {
    handlers["unlock"] = async ({ origin, signal }) => {
      onCommand();
      if (signal.aborted) throw new DoorCommandError("expired");
      if (relay !== "print") await pulseRelay(relay, { forMs: relayMs, clock });
      tell(`${origin} opens the door for ${relayMs / 1000} s`);
      return { open_ms: relayMs };
    };
  }
  for (const [command, path] of args.programs) {
    handlers[command] = async ({ payload, origin, signal }) => {
      onCommand();
      tell(`${origin} asks for ${command}`);
      const env = { ...process.env, DOORWARD_ORIGIN: origin, DOORWARD_PAYLOAD: JSON.stringify(payload) };
      const { stdout } = await promisify(execFile)(path, [], { env, signal, timeout: programMs, maxBuffer: 16_384 });
      return stdout.trim() === "" ? undefined : { output: stdout.trim().slice(0, 4096) };
    };
  }
  return handlers;
}
