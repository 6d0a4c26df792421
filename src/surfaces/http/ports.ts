import { mkdir } from "node:fs/promises";
import type { Clock } from "../../util/clock.ts";
import { FatalError, messageOf } from "../../util/errors.ts";
import { every } from "../../util/every.ts";
import type { Log } from "../../util/log.ts";
import { openFilesLimit, socketsWithin } from "../../util/open-files.ts";
import { watchWallClock } from "../../util/wall-watch.ts";
import type { Reached } from "../reached.ts";
import { Answering, type Answers } from "./answering.ts";
import type { HttpConfig } from "./config.ts";
import { type Listening, type ListenOptions, listenHttp, listenHttps } from "./listen.ts";
import { SocketGuard } from "./sockets.ts";
import { loadTls, type TlsMaterial } from "./tls.ts";

/** Options of {@link openPorts}. */
export interface PortsOptions {
  readonly config: HttpConfig;
  /** The hub's own certificate is in `tls/` below it. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where the page and the API are reached: it is listened there until this is disposed, with all connections. */
export interface HttpPorts extends AsyncDisposable {
  readonly port: number;
  /** Undefined when HTTPS is off. */
  readonly httpsPort: number | undefined;
  readonly reached: readonly Reached[];
  readonly sockets: SocketGuard;
  /** The hub's root certificate (PEM); undefined where the certificate is somebody else's. */
  rootCertificate(): string | undefined;
  /** Answers whoever came meanwhile, and whoever comes from now on. */
  answer(answers: Answers): void;
}

const renewCheckMs = 60 * 60 * 1000;

/**
 * Listens: HTTPS on every address, plain HTTP on this machine only. Nothing has to be there yet that answers. Throws
 * FatalError `listen` and `certificate`.
 */
export async function openPorts(options: PortsOptions): Promise<HttpPorts> {
  const { config, dataDir } = options;
  await using opened = new AsyncDisposableStack();
  const [answering, sockets] = [new Answering(), new SocketGuard()];
  const trustedProxies = [...config.trustedProxies, ...(config.ingress ? [config.ingress.supervisor] : [])];
  const base = { answering, sockets, maxConnections: connectionsOf(options), trustedProxies };
  const port = await listenPlain(opened, { ...options, base });
  let material: TlsMaterial | undefined;
  let httpsPort: number | undefined;
  if (config.https) {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    material = await load(options);
    const https = opened.use(await listenEverywhere({ ...base, ...options, tls: material }));
    httpsPort = https.port;
    opened.use(
      keepFresh(options, (next) => {
        if (next.cert === material?.cert) return;
        material = next;
        https.renew(next);
      }),
    );
  }
  const owned = opened.move();
  return {
    port,
    httpsPort,
    reached: reachedOf(config, { port, httpsPort }),
    sockets,
    rootCertificate: () => material?.rootPem,
    answer: (answers) => answering.begin(answers),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function load({ config, dataDir, clock, log }: PortsOptions): Promise<TlsMaterial> {
  return loadTls({ dataDir, config, nowMs: clock.wallMs(), log });
}

function reachedOf(
  config: HttpConfig,
  ports: { readonly port: number; readonly httpsPort: number | undefined },
): readonly Reached[] {
  const { port, httpsPort } = ports;
  const plain = config.host.map((host) => ({ scheme: "http" as const, host, port }));
  if (httpsPort === undefined) return plain;
  return [...plain, { scheme: "https" as const, host: config.httpsHost, port: httpsPort }];
}

/** As many as configured, and no more than this process may open. */
function connectionsOf({ config, log }: PortsOptions): number {
  const maxConnections = socketsWithin(config.maxConnections, openFilesLimit());
  if (maxConnections < config.maxConnections) {
    const advice = `at most ${maxConnections} connections, for this process may open few files; raise its limit (nofile)`;
    log.warn({ maxConnections, configured: config.maxConnections }, advice);
  }
  return maxConnections;
}

type Base = Omit<ListenOptions, "host" | "port">;

/** All addresses of plain HTTP share one port; one that this machine lacks (`::1`) is left out if another works. */
async function listenPlain(
  opened: AsyncDisposableStack,
  options: PortsOptions & { readonly base: Base },
): Promise<number> {
  const { config, log, base } = options;
  let port = config.port;
  let first: Listening | undefined;
  for (const host of config.host) {
    try {
      const listening = opened.use(await listenHttp({ ...base, host, port }));
      first ??= listening;
      port = first.port;
    } catch (error) {
      if (!first && host === config.host.at(-1)) throw error;
      log.debug({ err: error, host }, `plain HTTP left out: ${messageOf(error)}`);
      if ((error as { cause?: { code?: string } }).cause?.code === "EADDRINUSE") throw error;
    }
  }
  if (!first) throw new FatalError("plain HTTP has no address to listen on", { code: "listen" });
  return port;
}

/** Machines without IPv6 have no `::`; there `0.0.0.0` is every address. */
async function listenEverywhere(options: PortsOptions & Base & { readonly tls: TlsMaterial }) {
  const { config, answering, sockets, maxConnections, trustedProxies, tls, clock } = options;
  const base = { answering, sockets, maxConnections, trustedProxies, tls, port: config.httpsPort, clock };
  try {
    return await listenHttps({ ...base, host: config.httpsHost });
  } catch (error) {
    const code = (error as { cause?: { code?: string } }).cause?.code;
    if (config.httpsHost !== "::" || (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL")) throw error;
    return listenHttps({ ...base, host: "0.0.0.0" });
  }
}

/** Looks every hour, and when this machine's time was set, whether the certificate has to be renewed. */
function keepFresh(options: PortsOptions, use: (tls: TlsMaterial) => void): Disposable {
  const { clock, log } = options;
  const owned = new DisposableStack();
  const check = () => {
    load(options).then(use, (error) => log.error({ err: error }, `certificate not renewed: ${messageOf(error)}`));
  };
  owned.use(every(clock, renewCheckMs, check));
  owned.use(watchWallClock(clock, check));
  return owned;
}
