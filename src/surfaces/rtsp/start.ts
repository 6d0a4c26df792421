import { FairSending } from "../../protocols/rtp/fair-sending.ts";
import { Seldom } from "../../util/seldom.ts";
import { GuardedPort, type Guest } from "../guarded-port.ts";
import type { Lent, Metric, Running } from "../surface.ts";
import { Access } from "./access.ts";
import type { RtspConfig } from "./config.ts";
import { RtspConnection } from "./connection.ts";
import type { Desk } from "./desk.ts";
import { SharedPackets } from "./shared-packets.ts";

/** What a running RTSP surface shows to tests and programs of ours. */
export interface RtspSurface extends Running {
  readonly port: number;
  /** Connections that are open. */
  readonly connections: () => number;
}

/** Limits of what strangers may hold open. */
const limits = { inAll: 2048, ofBlock: 1536, strangersOfBlock: 64 };
/** Strangers have so long to show a token. */
const strangerMs = 15_000;
/** Of refusals of one status to one block of addresses, one line in so long is enough. */
const newsEveryMs = 60_000;

/** Starts the RTSP surface. Throws FatalError `listen`. */
export async function start(lent: Lent<RtspConfig>): Promise<RtspSurface | Running> {
  const { hub, config, certificate } = lent;
  if (!config.enabled) return { addresses: [], [Symbol.asyncDispose]: async () => {} };
  await using opened = new AsyncDisposableStack();
  const desk = openDesk(lent);
  const { clock, log } = hub;
  const { host, plain } = config;
  const serve = ({ socket, secure, welcome }: Guest) => {
    // It lives as long as its socket.
    new RtspConnection({ desk, socket, secure, onKnown: welcome });
  };
  const port = opened.use(
    new GuardedPort({ host, what: "rtsp", plain, certificate, serve, strangerMs, limits, clock, log }),
  );
  const number = await port.listen(config.port, plain ? "both" : "tls");
  const tlsNumber = config.tlsPort === undefined ? undefined : await port.listen(config.tlsPort, "tls");
  const owned = opened.move();
  const at = (one: number) => `${host.includes(":") ? `[${host}]` : host}:${one}`;
  return {
    addresses: [
      `${plain ? "rtsp" : "rtsps"}://${at(number)}`,
      ...(tlsNumber === undefined ? [] : [`rtsps://${at(tlsNumber)}`]),
    ],
    port: number,
    connections: () => port.size,
    isBusy: () => desk.packets.size > 0,
    metrics: () => metricsOf(desk),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function openDesk({ hub, config, shares }: Lent<RtspConfig>): Desk {
  const { clock, log } = hub;
  return {
    hub,
    config,
    access: new Access({ hub, basic: config.basic }),
    packets: new SharedPackets({ clock, log }),
    queue: new FairSending(),
    admission: shares.viewings,
    counters: { sessions: 0, packets: 0, bytes: 0, dropped: 0, refused: new Map() },
    news: new Seldom({ clock, everyMs: newsEveryMs }),
  };
}

function metricsOf({ counters, packets }: Desk): readonly Metric[] {
  const one = (name: string, help: string, value: number): Metric => ({
    name: `doorward_rtsp_${name}_total`,
    help,
    type: "counter",
    values: [{ value }],
  });
  return [
    one("sessions", "RTSP sessions that were set up", counters.sessions),
    one("packets", "RTP packets of RTSP sessions that have ended or paused", counters.packets),
    one("bytes", "Their bytes", counters.bytes),
    one("dropped_frames", "Frames that slow RTSP clients did not get", counters.dropped),
    {
      name: "doorward_rtsp_refused_total",
      help: "RTSP requests that were refused, by status",
      type: "counter",
      values: [...counters.refused].map(([status, value]) => ({ labels: { status: String(status) }, value })),
    },
    {
      name: "doorward_rtsp_tracks",
      help: "Tracks that are cut into packets for RTSP now",
      type: "gauge",
      values: [{ value: packets.size }],
    },
  ];
}
