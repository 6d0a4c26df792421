import { startDoorStation } from "../endpoints/door/index.ts";
import { noLoudspeaker, samplesMicrophone } from "../endpoints/machine/files.ts";
import type { RunningHub } from "../main.ts";
import { background } from "../util/background.ts";
import { messageOf } from "../util/errors.ts";
import type { CommandContext } from "./command.ts";
import { demoWords, tone } from "./demo-words.ts";

/** Options of {@link addDemoDoor}. */
export interface DemoDoorOptions {
  /** Where the hub listens for door stations, by its configuration. */
  readonly door: { readonly port: number };
  readonly context: CommandContext;
}

const id = "doorbell";
const visitorPitchHz = 330;
const openMs = 3000;

/**
 * A door station, the real program, beside the camera of the front door, whose picture it has: whoever answers it hears a
 * visitor, and can let them in. It rings by the button on its tile, and by "doorward ring".
 */
async function openDemoDoor(running: RunningHub, how: DemoDoorOptions): Promise<AsyncDisposable> {
  const { context, door } = how;
  const { clock, log, signal } = context;
  const { devices, reception } = running.hub;
  await devices.addTransient({
    id,
    name: "Doorbell",
    area: "Entrance",
    arrives: "door",
    bell: { camera: "front-door" },
  });
  const token = await reception.renew(id, "doorward demo");
  const text = "Good morning. I have a parcel for you.";
  const words = await demoWords(text, { pitchHz: visitorPitchHz, running, signal }).catch(() => tone(visitorPitchHz));
  return startDoorStation({
    host: "127.0.0.1",
    port: door.port,
    clientId: id,
    token,
    sound: {
      microphone: samplesMicrophone(words, clock, { again: true }),
      loudspeaker: noLoudspeaker,
      sampleRateHz: 16_000,
      channels: 1,
      frameMs: 20,
    },
    commands: { unlock: async () => ({ open_ms: openMs }) },
    clock,
    log,
  });
}

/** Opens the door while the demo runs on: nobody has to wait for it. */
export function addDemoDoor(
  running: RunningHub,
  how: DemoDoorOptions & { readonly opened: AsyncDisposableStack },
): void {
  const { context } = how;
  const opening = openDemoDoor(running, how);
  how.opened.defer(async () => {
    const open = await opening.catch(() => undefined);
    await open?.[Symbol.asyncDispose]();
  });
  background(opening, (error) => {
    if (!context.signal.aborted) context.stderr.write(`doorward demo: the door is missing: ${messageOf(error)}\n`);
  });
}
