import type { z } from "zod";
import { background } from "../util/background.ts";
import bells from "./bells/index.ts";
import { Bus } from "./bus.ts";
import { showOnce } from "./discovery-rules.ts";
import door from "./door/index.ts";
import go2rtc from "./go2rtc/index.ts";
import type { HttpSurface } from "./http/index.ts";
import http from "./http/index.ts";
import { loadTls } from "./http/tls.ts";
import { LogInGuard } from "./log-in-guard.ts";
import mdns from "./mdns/index.ts";
import mqtt from "./mqtt/index.ts";
import page from "./page/index.ts";
import panel from "./panel/index.ts";
import pictures from "./pictures/index.ts";
import ptz from "./ptz/index.ts";
import push from "./push/index.ts";
import room from "./room/index.ts";
import rtsp from "./rtsp/index.ts";
import { createShares, type HubShares } from "./shares.ts";
import signalling from "./signalling/index.ts";
import supervisor from "./supervisor/index.ts";
import type { House, Lent, Running, Surface } from "./surface.ts";
import { iceLinks, iceServers } from "./webrtc/ice-links.ts";
import { Viewings } from "./webrtc/viewings.ts";
import whep from "./whep/index.ts";
import whip from "./whip/index.ts";

/**
 * Every surface there is, in the order in which they start: HTTP serves what the others give it, so it comes behind them, and
 * what tells where the hub is, behind HTTP.
 */
export const surfaces = [
  mqtt,
  whep,
  whip,
  page,
  panel,
  pictures,
  ptz,
  push,
  room,
  bells,
  door,
  rtsp,
  go2rtc,
  signalling,
  supervisor,
  http,
  mdns,
] as const;

type Surfaces = typeof surfaces;

/** A surface that has something to set. */
type Configured = Exclude<Surfaces[number], { readonly config: undefined }>;

/** The section of each surface that has one, by name: what they add to the configuration file. */
export const surfaceSections = Object.fromEntries(
  surfaces.flatMap(({ name, config }) => (config ? [[name, config]] : [])),
) as unknown as { readonly [One in Configured as One["name"]]: One["config"] };

type Sections = { readonly [One in Configured as One["name"]]: z.output<One["config"]> };

/** Sections that may be absent, and with them their surfaces. */
type Optional = { [Name in keyof Sections]: undefined extends Sections[Name] ? Name : never }[keyof Sections];

/** What the configuration says about the surfaces. */
export type SurfacesConfig = Omit<Sections, Optional> & Partial<Pick<Sections, Optional>>;

/** Options of {@link startSurfaces}. */
export interface SurfacesOptions
  extends Omit<House, "viewings" | "bus" | "shares" | "iceLinks" | "iceServers" | "logInGuard" | "certificate"> {
  readonly config: SurfacesConfig;
  readonly signal: AbortSignal;
}

/** The surfaces while they run. They end with the signal or when disposed; all viewers are let go first. */
export interface RunningSurfaces extends AsyncDisposable {
  readonly http: HttpSurface;
  readonly viewings: Viewings;
  readonly bus: Bus;
  /** Where they are to be found, for people. */
  readonly addresses: readonly string[];
  /** Somebody sees, hears or speaks now: a bad moment for whatever makes the hub pause. */
  readonly isBusy: () => boolean;
}

/** Starts every surface that has a section in the configuration. Throws FatalError `listen`. */
export async function startSurfaces(options: SurfacesOptions): Promise<RunningSurfaces> {
  const { hub, config, signal } = options;
  await using opened = new AsyncDisposableStack();
  const running = new Map<string, Running>();
  const shares = createShares({ ...config.whep, ...config.whip });
  const viewings = openViewings(options, shares);
  const bus = openBus(options, opened);
  const logInGuard = new LogInGuard(hub);
  for (const surface of surfaces as readonly Surface[]) {
    const own = (config as Readonly<Record<string, unknown>>)[surface.name];
    if (surface.config && own === undefined) continue;
    const lent: Lent<NonNullable<unknown> | undefined> = {
      ...options,
      viewings,
      bus,
      shares,
      certificate: () =>
        loadTls({ dataDir: options.dataDir, config: config.http, nowMs: hub.clock.wallMs(), log: hub.log }),
      logInGuard,
      iceServers: (id, turnUrls = []) => iceServers(config.whep, { id, nowMs: hub.clock.wallMs(), turnUrls }),
      iceLinks: (id) => iceLinks(config.whep, { id, nowMs: hub.clock.wallMs() }),
      config: own ?? undefined,
      others: [...running.values()],
    };
    running.set(surface.name, opened.use(await surface.start(lent)));
  }
  opened.use(viewings);
  const owned = opened.move();
  let ending: Promise<void> | undefined;
  // Once: who asks while they end waits for it, or the hub would end below them.
  const end = () => {
    ending ??= owned.disposeAsync();
    return ending;
  };
  signal.addEventListener(
    "abort",
    () => background(end(), (err) => hub.log.error({ err }, "the surfaces did not end cleanly")),
    { once: true },
  );
  const addresses = [...running.values()].flatMap((surface) => surface.addresses);
  const isBusy = () =>
    viewings.size > 0 ||
    hub.calls.list().length > 0 ||
    hub.devices.list().some(({ id }) => hub.turns.holder(id).holder) ||
    [...running.values()].some((surface) => surface.isBusy?.());
  const http = running.get("http") as HttpSurface;
  return { http, viewings, bus, addresses, isBusy, [Symbol.asyncDispose]: end };
}

/** Where MQTT is spoken; it tells Home Assistant of devices by the rules of the house. */
function openBus({ hub, config }: SurfacesOptions, opened: AsyncDisposableStack): Bus {
  const bus = opened.use(new Bus(hub));
  if (config.mqtt) opened.use(showOnce(hub, { bus, setting: config.mqtt.discovery }));
  return bus;
}

function openViewings({ hub, webrtc }: SurfacesOptions, shares: HubShares): Viewings {
  const { devices, converter, identity, log } = hub;
  return new Viewings({
    devices,
    identity,
    converter,
    webrtc,
    hub,
    clock: hub.clock,
    log,
    admission: shares.viewings,
  });
}
