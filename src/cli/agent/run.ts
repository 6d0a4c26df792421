import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { CameraAgent, WhipAgent } from "../../endpoints/agent/index.ts";
import { StateFile } from "../../endpoints/machine/state-file.ts";
import { messageOf } from "../../util/errors.ts";
import { createWebRtcWorker } from "../../workers/webrtc/index.ts";
import { createSendWorker } from "../../workers/webrtc/send.ts";
import type { CommandContext } from "../command.ts";
import type { CaptureArguments } from "./capture-arguments.ts";
import { type AgentMedia, openAgentMedia } from "./media.ts";
import { pairingCode } from "./pairing.ts";
import type { AgentSoundArguments } from "./sound.ts";
import { toldState } from "./told-state.ts";

/** What the command line says. */
export interface AgentArguments {
  readonly backend: string;
  /** Where it publishes by WHIP, in place of waiting at a backend. */
  readonly whip: URL | undefined;
  /** Certificate authority by which the backend is known (PEM). */
  readonly ca: string | undefined;
  readonly deviceId: string | undefined;
  readonly name: string | undefined;
  /** A device of this machine, or an address. */
  readonly source: string | CaptureArguments;
  readonly state: string | undefined;
  readonly sound: AgentSoundArguments;
  /** Patterns of names of network interfaces whose addresses nobody is told. */
  readonly leaveOut: readonly string[];
}

const stateSchema = z.object({
  deviceId: z.string().max(128).optional(),
  /** By which the hub knows it; secret. */
  token: z.string().max(128).optional(),
});

/** Runs a camera agent until Ctrl+C. */
export async function runAgent(args: AgentArguments, context: CommandContext): Promise<number> {
  const tell = (text: string) => context.stderr.write(`doorward agent: ${text}\n`);
  const own = { ...keptState(args, tell), tell };
  await using media = await openAgentMedia(args, { context, tell });
  await (args.whip === undefined
    ? serve(args, { media, own, context })
    : publish(args.whip, args, { media, own, context }));
  return 0;
}

interface Running {
  readonly media: AgentMedia;
  readonly own: { readonly deviceId: string; readonly token: string; readonly tell: (text: string) => void };
  readonly context: CommandContext;
}

/** Waits at a backend for whoever watches. */
async function serve({ backend, ca, name, leaveOut }: AgentArguments, { media, own, context }: Running): Promise<void> {
  const { clock, log, signal } = context;
  const { deviceId, token, tell } = own;
  // The child in TypeScript: it takes a relay's credentials for each viewer.
  await using webrtc = createWebRtcWorker({ clock, log, engine: "node", leaveOutInterfaces: leaveOut });
  const code = () => pairingCode({ backend, deviceId, token, ca, signal });
  const onWatched = (viewers: number) =>
    tell(viewers === 0 ? "nobody watches" : `${viewers} ${viewers === 1 ? "watches" : "watch"}`);
  const agent = new CameraAgent({
    ...{ url: backend, ca, deviceId, name, token, claims: true },
    ...media,
    webrtc,
    onState: toldState({ deviceId, backend, pairingCode: code, tell, clock, log }),
    onWatched,
    clock,
    log,
  });
  await agent.run(signal);
}

/** Publishes by WHIP all the time. */
async function publish(url: URL, { ca }: AgentArguments, { media, own, context }: Running): Promise<void> {
  const { clock, log, signal } = context;
  const { deviceId, token, tell } = own;
  await using sender = createSendWorker({ clock, log });
  const onState = toldState({ deviceId, backend: url.href, pairingCode: async () => undefined, tell, clock, log });
  await new WhipAgent({ ...{ url, ca, token, sender, onState, clock }, ...media }).run(signal);
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
