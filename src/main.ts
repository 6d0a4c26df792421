import { fileURLToPath } from "node:url";
import type { Config } from "./config.ts";
import { createDrivers } from "./drivers/index.ts";
import type { ConfigFile } from "./hub/config-file.ts";
import { deviceBook } from "./hub/device-book.ts";
import { deviceInputs } from "./hub/device-input.ts";
import { followFile, tellProblems } from "./hub/follow-file.ts";
import { createHub, type Hub } from "./hub/hub.ts";
import { type IdentityOptions, openIdentity } from "./identity/identity.ts";
import { createSpeechEngine } from "./media/say.ts";
import { spokenText } from "./media/spoken.ts";
import { type Front, openFront } from "./surfaces/front.ts";
import { startSurfaces } from "./surfaces/index.ts";
import { background } from "./util/background.ts";
import { type Clock, guardTimers } from "./util/clock.ts";
import { messageOf } from "./util/errors.ts";
import type { Faults } from "./util/faults.ts";
import type { Log } from "./util/log.ts";
import { version } from "./util/version.ts";
import { createConverter, type FfmpegWorker } from "./workers/ffmpeg/index.ts";
import { createWebRtcWorker } from "./workers/webrtc/index.ts";
import { createPublishWorker } from "./workers/webrtc/publish.ts";

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
  /** The hub's own when it was opened before; it ends with the hub. */
  readonly front?: Front;
  /** Where faults are reported; the hub's own by default. */
  readonly faults?: Faults;
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
  /** Where else the hub is reached: each surface that has a port of its own. */
  readonly addresses: readonly string[];
  /** The one-time code, while no administrator exists. */
  readonly setupCode: string | undefined;
  /** Devices that could not be made, a sentence each. */
  readonly problems: readonly string[];
  /** Somebody sees, hears or speaks now. */
  readonly isBusy: () => boolean;
  /** Process id of the WebRTC worker while it runs. */
  readonly webrtcPid: () => number | undefined;
}

/** Folder of the built page: beside the sources in the checkout, inside the package when published. */
const pageDir = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../web/dist/" : "./page/", import.meta.url));

/** Builds the hub and starts its surfaces. Throws FatalError for what a person must mend (a taken port). */
export async function startHub(options: StartOptions): Promise<RunningHub> {
  const { config, dataDir, log, signal, faults, demo, file } = options;
  const clock = guardTimers(options.clock, (error) => log.error({ err: error }, `timer failed: ${messageOf(error)}`));
  await using opened = new AsyncDisposableStack();
  const { ports } = opened.use(options.front ?? (await openFront({ config: config.http, dataDir, clock, log })));
  const [sealKey, writer] = [process.env["DOORWARD_KEY"], options.writer ?? "thread"] as const;
  const identity = opened.use(openIdentity({ dataDir, clock, log, faults, sealKey, writer }));
  const converter = opened.use(createConverter({ clock, log }));
  const webrtc = opened.use(createWebRtcWorker({ clock, log, ...config.webrtc }));
  const publishers = opened.use(createPublishWorker({ clock, log, ...config.webrtc, ...config.whip }));
  const drivers = createDrivers({ converter });
  const engine = createSpeechEngine();
  const say = (text: string, how: { readonly voice?: string }) => spokenText(text, { ...how, engine, converter });
  const [book, { enrolment }] = [deviceBook(file), config] as const;
  const hub = opened.use(
    createHub({ say, drivers, converter, identity, clock, log, book, enrolment, dataDir, signal }),
  );
  const found = await hub.devices.apply(deviceInputs(config));
  const problems = file?.withLines(found) ?? found;
  if (problems.length > 0) tellProblems(hub, problems);
  hub.follow(config);
  const house = { hub, webrtc, publishers, drivers, config, version, demo, dataDir, pageDir, ports, say, signal };
  const surfaces = opened.use(await startSurfaces(house));
  file?.watch({
    signal,
    onChange: () =>
      background(
        followFile(hub, {
          file,
          running: config,
          devicesOf: deviceInputs,
          onNews: (news) => hub.follow(news),
          fixed: ["http", "whep", "webrtc", "mqtt", "room", "door", "signalling", "mdns", "supervisor"],
        }),
        (err) => log.error({ err }, "configuration not taken up"),
      ),
    onProblem: (message) => log.warn({}, `configuration: ${message}`),
  });
  const owned = opened.move();
  let ending: Promise<void> | undefined;
  const end = () => {
    ending ??= owned.disposeAsync();
    return ending;
  };
  signal.addEventListener(
    "abort",
    () => background(end(), (err) => log.error({ err }, "the hub did not end cleanly")),
    { once: true },
  );
  return {
    hub,
    converter,
    httpUrl: surfaces.http.httpUrl,
    httpsUrl: surfaces.http.httpsUrl,
    addresses: surfaces.addresses,
    setupCode: identity.setupCode?.code,
    problems,
    isBusy: surfaces.isBusy,
    webrtcPid: () => webrtc.pid,
    [Symbol.asyncDispose]: end,
  };
}
