import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { CameraAgent, MicrophoneTrack, Player } from "../../endpoints/agent/index.ts";
import { StateFile } from "../../endpoints/machine/state-file.ts";
import { messageOf } from "../../util/errors.ts";
import { createWebRtcWorker } from "../../workers/webrtc/index.ts";
import type { CommandContext } from "../command.ts";
import type { CaptureArguments } from "./capture-arguments.ts";
import { pairingCode } from "./pairing.ts";
import { type AgentSoundArguments, openAgentSound } from "./sound.ts";
import { openCaptureSource, openSource } from "./source.ts";
import { toldState } from "./told-state.ts";

/** What the command line says. */
export interface AgentArguments {
  readonly backend: string;
  /** Certificate authority by which the backend is known (PEM). */
  readonly ca: string | undefined;
  readonly deviceId: string | undefined;
  readonly name: string | undefined;
  /** A device of this machine, or an address. */
  readonly source: string | CaptureArguments;
  readonly state: string | undefined;
  readonly sound: AgentSoundArguments;
}

const stateSchema = z.object({
  deviceId: z.string().max(128).optional(),
  /** By which the hub knows it; secret. */
  token: z.string().max(128).optional(),
});

/** Runs a camera agent until Ctrl+C. */
export async function runAgent(args: AgentArguments, context: CommandContext): Promise<number> {
  const { clock, log, signal, stderr } = context;
  const tell = (text: string) => stderr.write(`doorward agent: ${text}\n`);
  const kept = keptState(args, tell);
  const { deviceId, token } = kept;
  const { source: shown } = args;
  await using source =
    typeof shown === "string"
      ? await openSource(addressOf(shown), context)
      : openCaptureSource(shown, { context, tell });
  await using sound = await openAgentSound(args.sound, { clock, tell });
  const { microphone, loudspeaker } = sound;
  using hears = microphone && (await MicrophoneTrack.open({ microphone, clock }));
  using player = loudspeaker && new Player({ loudspeaker, clock, log });
  // The child in TypeScript: it takes a relay's credentials for each viewer.
  await using webrtc = createWebRtcWorker({ clock, log, engine: "node" });
  const { backend, ca } = args;
  const onState = toldState({
    deviceId,
    backend,
    pairingCode: () => pairingCode({ backend, deviceId, token, ca, signal }),
    tell,
    clock,
    log,
  });
  const agent = new CameraAgent({
    url: backend,
    ca,
    deviceId,
    name: args.name,
    token,
    claims: true,
    source,
    microphone: hears?.track,
    player,
    speaker: player && { echoCancelling: args.sound.echoCancel },
    webrtc,
    onState,
    onWatched: (viewers) =>
      tell(viewers === 0 ? "nobody watches" : `${viewers} ${viewers === 1 ? "watches" : "watch"}`),
    clock,
    log,
  });
  await agent.run(signal);
  return 0;
}

/** Its name and its token: made once, and kept. */
function keptState(args: AgentArguments, tell: (text: string) => void) {
  const path = args.state ?? join(homedir(), ".local", "state", "doorward", "agent.json");
  const file = new StateFile({
    path: resolve(path),
    schema: stateSchema,
    onError: (error) => tell(`its name and token cannot be kept: ${messageOf(error)}`),
  });
  const deviceId = args.deviceId ?? file.state.deviceId ?? `device-${randomBytes(4).toString("hex")}`;
  const own = process.env["DOORWARD_TOKEN"];
  const token = own ?? file.state.token ?? `dwd_${randomBytes(32).toString("base64url")}`;
  if (own === undefined) file.set({ deviceId, token });
  return { deviceId, token };
}

/** `test` and a file's path as addresses; everything else is one. */
function addressOf(source: string): string {
  if (source === "test") return "test:";
  return existsSync(source) ? pathToFileURL(resolve(source)).href : source;
}
