import { background } from "../../util/background.ts";
import { defineSurface, type Lent, type Running } from "../surface.ts";
import { createApp, type HttpApp } from "./app.ts";
import { type HttpConfig, httpConfig } from "./config.ts";
import { openPorts } from "./ports.ts";

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

export default defineSurface({ name: "http", config: httpConfig, start });

/** Serves the page, the API and the routes of the other surfaces on the ports that are open, or opens them. Throws FatalError `listen`. */
async function start(options: HttpStartOptions): Promise<HttpSurface> {
  const { config, dataDir, hub } = options;
  await using opened = new AsyncDisposableStack();
  let app: HttpApp | undefined;
  // Ends behind its ports.
  opened.defer(() => app?.fastify.close());
  const ports = opened.use(options.ports ?? (await openPorts({ config, dataDir, clock: hub.clock, log: hub.log })));
  app = await createApp({
    ...options,
    sockets: ports.sockets,
    rootCertificate: () => ports.rootCertificate(),
    httpsPort: () => ports.httpsPort,
  });
  const { fastify } = app;
  await fastify.ready();
  ports.answer(fastify);
  const owned = opened.move();
  const end = () => {
    for (const client of fastify.websocketServer.clients) client.close(1001, "the hub ends");
    return owned.disposeAsync();
  };
  options.signal.addEventListener(
    "abort",
    () => background(end(), (err) => hub.log.error({ err }, "HTTP did not end cleanly")),
    { once: true },
  );
  const httpUrl = `http://localhost:${ports.port}/`;
  const httpsUrl =
    ports.httpsPort === undefined ? undefined : `https://${config.publicName ?? "localhost"}:${ports.httpsPort}/`;
  return {
    app,
    httpUrl,
    httpsUrl,
    addresses: [httpUrl, ...(httpsUrl === undefined ? [] : [httpsUrl])],
    reached: ports.reached,
    [Symbol.asyncDispose]: end,
  };
}
