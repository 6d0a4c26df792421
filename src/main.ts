import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Config } from "./config.ts";
import { createDrivers } from "./drivers/index.ts";
import type { DeviceInput } from "./hub/api.ts";
import type { ConfigFile } from "./hub/config-file.ts";
import { deviceInputs } from "./hub/device-input.ts";
import { createHub, type Hub } from "./hub/hub.ts";
import type { DeviceBook } from "./hub/registry.ts";
import { type IdentityOptions, openIdentity } from "./identity/identity.ts";
import { createSpeechEngine } from "./media/say.ts";
import { spokenText } from "./media/spoken.ts";
import { startWeb } from "./surfaces/index.ts";
import type { Clock } from "./util/clock.ts";
import type { Log } from "./util/log.ts";
import { version } from "./util/version.ts";
import { createConverter, type FfmpegWorker } from "./workers/ffmpeg/index.ts";
import { createWebRtcWorker } from "./workers/webrtc/index.ts";

/** What {@link startHub} needs. */
export interface StartOptions {
  readonly config: Config;
  /** Where devices are written down and changes are watched; none for a hub that forgets. */
  readonly file?: ConfigFile<Config>;
  /** Database, keys, certificates; made with mode 0700. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** True when the hub shows make-believe devices. */
  readonly demo: boolean;
  /** A disturbed one, for tests; a thread of its own otherwise. */
  readonly writer?: IdentityOptions["writer"];
  readonly signal: AbortSignal;
}

/** A running hub. Ends with the signal or when disposed. */
export interface RunningHub extends AsyncDisposable {
  readonly hub: Hub;
  readonly converter: FfmpegWorker;
  readonly httpUrl: string;
  readonly httpsUrl: string | undefined;
  /** The one-time code, while no administrator exists. */
  readonly setupCode: string | undefined;
  /** Devices that could not be made, a sentence each. */
  readonly problems: readonly string[];
  /** Viewers that are being served. */
  readonly viewers: () => number;
  /** Process id of the WebRTC worker while it runs. */
  readonly webrtcPid: () => number | undefined;
}

/** Folder of the built page: beside the sources in the checkout, inside the package when published. */
const pageDir = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../web/dist/" : "./page/", import.meta.url));

/** Builds the hub and starts its surfaces. Throws FatalError for what a person must mend (a taken port). */
export async function startHub(options: StartOptions): Promise<RunningHub> {
  const { config, dataDir, clock, log, signal } = options;
  await using opened = new AsyncDisposableStack();
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const identity = opened.use(
    openIdentity({ dataDir, clock, log, sealKey: process.env["DOORWARD_KEY"], writer: options.writer ?? "thread" }),
  );
  const converter = opened.use(createConverter({ clock, log }));
  const webrtc = opened.use(createWebRtcWorker({ clock, log, ...config.webrtc }));
  const drivers = createDrivers({ converter });
  const hub = opened.use(createHub({ drivers, converter, identity, clock, log, book: bookOf(options.file) }));
  const problems = await hub.devices.apply(deviceInputs(config));
  const { demo } = options;
  const engine = createSpeechEngine();
  const say = (text: string, how: { readonly voice?: string }) => spokenText(text, { ...how, engine, converter });
  const web = opened.use(
    await startWeb({ hub, webrtc, drivers, config, version, demo, dataDir, pageDir, say, signal }),
  );
  options.file?.watch({
    signal,
    onChange: (next) => void follow(hub, { next, running: config }),
    onProblem: (message) => log.error({}, `configuration not taken up, what ran goes on: ${message}`),
  });
  const owned = opened.move();
  const end = () => owned.disposeAsync();
  signal.addEventListener("abort", () => void end(), { once: true });
  return {
    hub,
    converter,
    httpUrl: web.httpUrl,
    httpsUrl: web.httpsUrl,
    setupCode: identity.setupCode?.code,
    problems,
    viewers: () => web.viewings.size,
    webrtcPid: () => webrtc.pid,
    [Symbol.asyncDispose]: end,
  };
}

async function follow(hub: Hub, config: { readonly next: Config; readonly running: Config }): Promise<void> {
  const problems = await hub.devices.apply(deviceInputs(config.next));
  for (const problem of problems) hub.log.error({}, `configuration: ${problem}`);
  for (const part of ["http", "whep", "webrtc"] as const) {
    if (JSON.stringify(config.next[part]) === JSON.stringify(config.running[part])) continue;
    hub.log.warn({ part }, `configuration: a change of ${part} takes effect when the hub is started again`);
  }
}

/** Devices stand in the configuration file, under `devices:`. */
function bookOf(file: ConfigFile<Config> | undefined): DeviceBook {
  return {
    save: async (id, input) => {
      await file?.edit((document) => {
        if (document.hasIn(["streams", id])) document.deleteIn(["streams", id]);
        if (input) document.setIn(["devices", id], written(input));
        else if (document.hasIn(["devices", id])) document.deleteIn(["devices", id]);
      });
    },
  };
}

/** A device as it is written: without what is as usual. */
function written({ id: _id, ...input }: DeviceInput): Record<string, unknown> {
  const usual: Record<string, unknown> = { enabled: true, warm: false, volume: 1, doNotDisturb: false };
  const kept = Object.entries(input).filter(([key, value]) => value !== undefined && value !== usual[key]);
  return Object.fromEntries(kept);
}
