import { mkdir } from "node:fs/promises";
import { background } from "../../util/background.ts";
import { FatalError, messageOf } from "../../util/errors.ts";
import { every } from "../../util/every.ts";
import { openFilesLimit, socketsWithin } from "../../util/open-files.ts";
import { watchWallClock } from "../../util/wall-watch.ts";
import { defineSurface, type Lent, type Running } from "../surface.ts";
import { createApp, type HttpApp } from "./app.ts";
import { type HttpConfig, httpConfig } from "./config.ts";
import { type Listening, listenHttp, listenHttps } from "./listen.ts";
import { loadTls, type TlsMaterial } from "./tls.ts";

/** What the surface is lent; its certificates are in `tls/` of the data folder. */
export type HttpStartOptions = Lent<HttpConfig>;

/** The running surface; it ends with the signal or when disposed. */
export interface HttpSurface extends Running {
  /** For people: `http://localhost:8480/`. */
  readonly httpUrl: string;
  /** Undefined when HTTPS is off. */
  readonly httpsUrl: string | undefined;
  readonly app: HttpApp;
}

const renewCheckMs = 60 * 60 * 1000;

export default defineSurface({ name: "http", config: httpConfig, start });

/**
 * Serves the page, the API and the routes of the other surfaces: HTTPS on every address, plain HTTP on this machine only.
 * Throws FatalError `listen`.
 */
async function start(options: HttpStartOptions): Promise<HttpSurface> {
  const { config, dataDir, hub } = options;
  await using opened = new AsyncDisposableStack();
  let material: TlsMaterial | undefined;
  let https: Awaited<ReturnType<typeof listenHttps>> | undefined;
  const app = await createApp({
    ...options,
    rootCertificate: () => material?.rootPem,
    httpsPort: () => https?.port,
  });
  opened.defer(() => app.fastify.close());
  await app.fastify.ready();
  const trustedProxies = [...config.trustedProxies, ...(config.ingress ? [config.ingress.supervisor] : [])];
  const base = { app: app.fastify, sockets: app.sockets, maxConnections: connectionsOf(options), trustedProxies };
  const port = await listenPlain(opened, { ...options, base });
  if (config.https) {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    material = await loadTls({ dataDir, config, nowMs: hub.clock.wallMs(), log: hub.log });
    https = opened.use(await listenEverywhere({ ...base, ...options, tls: material }));
    const listening = https;
    opened.use(
      keepFresh(options, (next) => {
        if (next.cert === material?.cert) return;
        material = next;
        listening.renew(next);
      }),
    );
  }
  const owned = opened.move();
  const end = () => {
    for (const client of app.fastify.websocketServer.clients) client.close(1001, "the hub ends");
    return owned.disposeAsync();
  };
  options.signal.addEventListener(
    "abort",
    () => background(end(), (err) => hub.log.error({ err }, "HTTP did not end cleanly")),
    { once: true },
  );
  const httpUrl = `http://localhost:${port}/`;
  const httpsUrl = https && `https://${config.publicName ?? "localhost"}:${https.port}/`;
  return {
    app,
    httpUrl,
    httpsUrl,
    addresses: [httpUrl, ...(httpsUrl === undefined ? [] : [httpsUrl])],
    reached: reachedOf(config, { port, httpsPort: https?.port }),
    [Symbol.asyncDispose]: end,
  };
}

function reachedOf(config: HttpConfig, ports: { readonly port: number; readonly httpsPort: number | undefined }) {
  const { port, httpsPort } = ports;
  const plain = config.host.map((host) => ({ scheme: "http" as const, host, port }));
  if (httpsPort === undefined) return plain;
  return [...plain, { scheme: "https" as const, host: config.httpsHost, port: httpsPort }];
}

/** As many as configured, and no more than this process may open. */
function connectionsOf({ config, hub }: HttpStartOptions): number {
  const maxConnections = socketsWithin(config.maxConnections, openFilesLimit());
  if (maxConnections < config.maxConnections) {
    const advice = `at most ${maxConnections} connections, for this process may open few files; raise its limit (nofile)`;
    hub.log.warn({ maxConnections, configured: config.maxConnections }, advice);
  }
  return maxConnections;
}

type Base = Pick<Parameters<typeof listenHttp>[0], "app" | "sockets" | "maxConnections" | "trustedProxies">;

/** All addresses of plain HTTP share one port; one that this machine lacks (`::1`) is left out if another works. */
async function listenPlain(
  opened: AsyncDisposableStack,
  options: HttpStartOptions & { readonly base: Base },
): Promise<number> {
  const { config, hub, base } = options;
  let port = config.port;
  let first: Listening | undefined;
  for (const host of config.host) {
    try {
      const listening = opened.use(await listenHttp({ ...base, host, port }));
      first ??= listening;
      port = first.port;
    } catch (error) {
      if (!first && host === config.host.at(-1)) throw error;
      hub.log.debug({ err: error, host }, `plain HTTP left out: ${messageOf(error)}`);
      if ((error as { cause?: { code?: string } }).cause?.code === "EADDRINUSE") throw error;
    }
  }
  if (!first) throw new FatalError("plain HTTP has no address to listen on", { code: "listen" });
  return port;
}

/** Machines without IPv6 have no `::`; there `0.0.0.0` is every address. */
async function listenEverywhere(options: HttpStartOptions & Base & { readonly tls: TlsMaterial }) {
  const { config, app, sockets, maxConnections, trustedProxies, tls, hub } = options;
  const base = { app, sockets, maxConnections, trustedProxies, tls, port: config.httpsPort, clock: hub.clock };
  try {
    return await listenHttps({ ...base, host: config.httpsHost });
  } catch (error) {
    const code = (error as { cause?: { code?: string } }).cause?.code;
    if (config.httpsHost !== "::" || (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL")) throw error;
    return listenHttps({ ...base, host: "0.0.0.0" });
  }
}

/** Looks every hour, and when this machine's time was set, whether the certificate has to be renewed. */
function keepFresh(options: HttpStartOptions, use: (tls: TlsMaterial) => void): Disposable {
  const { clock, log } = options.hub;
  const { dataDir, config } = options;
  const owned = new DisposableStack();
  const check = () => {
    loadTls({ dataDir, config, nowMs: clock.wallMs(), log }).then(use, (error) =>
      log.error({ err: error }, `certificate not renewed: ${messageOf(error)}`),
    );
  };
  owned.use(every(clock, renewCheckMs, check));
  owned.use(watchWallClock(clock, check));
  return owned;
}
