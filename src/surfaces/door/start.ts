import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { SecureContext } from "node:tls";
import { doorLimits } from "../../protocols/door/limits.ts";
import { writeDoorLine } from "../../protocols/door/parse.ts";
import type { DoorReasonWord } from "../../protocols/door/reasons.ts";
import { addressBlock } from "../../util/address-block.ts";
import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import { messageOf } from "../../util/errors.ts";
import { listenAt } from "../../util/listen.ts";
import { answerTls, tls, tlsHandshake } from "../../util/node-tls.ts";
import type { Lent, Running } from "../surface.ts";
import type { DoorConfig } from "./config.ts";
import { Connection } from "./connection.ts";
import { DoorHouse } from "./house.ts";
import { endLostWays } from "./lost-ways.ts";
import { Registration } from "./registration.ts";

/** What a running door surface shows to tests and programs of ours. */
export interface DoorSurface extends Running {
  readonly port: number;
  /** Connections that are open. */
  readonly connections: () => number;
  readonly house: DoorHouse;
}

/** One socket, from its first moment. */
interface Guest {
  readonly block: string;
  readonly sinceUs: number;
  registered: boolean;
}

const maxConnections = 2048;
/** Connections of one block of addresses, and those of it that have not registered yet. */
const maxPerBlock = 1536;
const maxStrangersPerBlock = 64;
/** Half-open connections are found after about half a minute: an unanswered probe each second after this. */
const keepAliveMs = 20_000;
/** For the last words to whoever is connected when the hub ends. */
const goodbyeMs = 500;
const registerMs = doorLimits.registerMs.value;
/** A certificate is looked at anew after this time: the hub renews its own. */
const certificateMs = 3_600_000;

/** Starts the door surface. Throws FatalError `listen`. */
export async function start(lent: Lent<DoorConfig>): Promise<DoorSurface> {
  const { hub, config } = lent;
  await using opened = new AsyncDisposableStack();
  const house = opened.use(new DoorHouse({ hub, config }));
  const doors = new Doors(lent, new Registration({ hub, house }));
  opened.use(doors);
  const server = await doors.listen(config.port, config.plain ? "both" : "tls");
  const tlsServer = config.tlsPort === undefined ? undefined : await doors.listen(config.tlsPort, "tls");
  const owned = opened.move();
  const at = (one: Server) => `${config.host.includes(":") ? `[${config.host}]` : config.host}:${portOf(one)}`;
  return {
    addresses: [`tcp://${at(server)}`, ...(tlsServer ? [`tls://${at(tlsServer)}`] : [])],
    port: portOf(server),
    connections: () => doors.size,
    house,
    isBusy: () => house.clients.some(({ sessionStations }) => sessionStations.length > 0),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Listens, guards, and serves every connection. */
class Doors implements AsyncDisposable {
  readonly #lent: Lent<DoorConfig>;
  readonly #registration: Registration;
  readonly #servers: Server[] = [];
  readonly #sockets = new Map<Socket, Guest>();
  readonly #connections = new Set<Connection>();
  readonly #watch: Disposable;
  #certificate: Promise<SecureContext> | undefined;

  constructor(lent: Lent<DoorConfig>, registration: Registration) {
    this.#lent = lent;
    this.#registration = registration;
    this.#watch = endLostWays({ connections: () => this.#connections, clock: lent.hub.clock, log: lent.hub.log });
  }

  get size(): number {
    return this.#connections.size;
  }

  async listen(port: number, speaks: "both" | "tls"): Promise<Server> {
    const { host } = this.#lent.config;
    const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs };
    const server = createServer(options, (socket) => this.#came(socket, speaks));
    server.maxConnections = maxConnections;
    await listenAt(server, { host, port, what: "door" });
    this.#servers.push(server);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    this.#watch[Symbol.dispose]();
    for (const connection of [...this.#connections]) connection.close();
    const sockets = [...this.#sockets.keys()];
    const said = Promise.all(sockets.map(isSaid));
    // Who does not read is not waited for.
    using late = lateness(this.#lent.hub.clock);
    await Promise.race([said, late.passed]);
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  }

  #came(socket: Socket, speaks: "both" | "tls"): void {
    const { clock } = this.#lent.hub;
    socket.on("error", () => {}); // "close" follows
    const block = addressBlock(socket.remoteAddress ?? "");
    const ofBlock = [...this.#sockets.values()].filter((other) => other.block === block);
    if (
      ofBlock.length >= maxPerBlock ||
      ofBlock.filter(({ registered }) => !registered).length >= maxStrangersPerBlock
    ) {
      refuse(socket, { reason: "too_many_connections", clock });
      return;
    }
    const guest = { block, registered: false, sinceUs: clock.nowUs() };
    this.#sockets.set(socket, guest);
    socket.once("close", () => this.#sockets.delete(socket));
    const late = clock.timer(registerMs, () => refuse(socket, { reason: "registration_timeout", clock }));
    // The first byte says whether it is TLS; it is put back for whoever reads it then.
    socket.once("data", (first: Buffer) => {
      late[Symbol.dispose]();
      socket.pause();
      socket.unshift(first);
      if (first[0] === tlsHandshake) this.#secured(socket, guest);
      else if (speaks === "both") this.#serve(socket, guest);
      else refuse(socket, { reason: "plain_connection", clock });
    });
    socket.once("close", () => late[Symbol.dispose]());
  }

  #secured(socket: Socket, guest: Guest): void {
    const { log, clock } = this.#lent.hub;
    background(
      this.#secureContext().then((secureContext) => {
        if (socket.destroyed) return;
        const late = clock.timer(registerMs, () => socket.destroy());
        const secure = answerTls(socket, { secureContext }, () => {
          late[Symbol.dispose]();
          this.#serve(secure, guest);
        });
        secure.once("close", () => late[Symbol.dispose]());
      }),
      (err) => {
        log.error({ err }, `door: TLS cannot be spoken: ${messageOf(err)}`);
        socket.destroy();
      },
    );
  }

  #secureContext(): Promise<SecureContext> {
    if (this.#certificate) return this.#certificate;
    const { hub, certificate } = this.#lent;
    const made = certificate().then(({ cert, key }) => tls().createSecureContext({ cert, key }));
    this.#certificate = made;
    const forget = () => {
      if (this.#certificate === made) this.#certificate = undefined;
    };
    made.then(() => hub.clock.timer(certificateMs, forget), forget);
    return made;
  }

  #serve(socket: Socket, guest: Guest): void {
    const { clock, log } = this.#lent.hub;
    const connection = new Connection({
      socket,
      address: plainAddress(socket.remoteAddress ?? ""),
      registerMs: Math.max(0, registerMs - (clock.nowUs() - guest.sinceUs) / 1000),
      clock,
      log,
      register: async (register, own) => {
        const party = await this.#registration.enter(register, own);
        guest.registered = true;
        return party;
      },
    });
    this.#connections.add(connection);
    socket.once("close", () => this.#connections.delete(connection));
    background(connection.serve(), (err) => log.error({ err }, "a door connection was not served"));
  }
}

/** Resolves when what was written has left this process, or never can. */
async function isSaid(socket: Socket): Promise<void> {
  socket.end();
  if (socket.writableFinished || socket.destroyed) return;
  await new Promise<void>((resolve) => {
    socket.once("finish", resolve);
    socket.once("close", () => resolve());
  });
}

function lateness(clock: Clock): Disposable & { readonly passed: Promise<void> } {
  const { promise: passed, resolve } = Promise.withResolvers<void>();
  const timer = clock.timer(goodbyeMs, resolve);
  return { passed, [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

/** IPv4 as itself. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}

/** Says why a connection is not served, and ends it. */
function refuse(socket: Socket, how: { readonly reason: DoorReasonWord; readonly clock: Clock }): void {
  socket.end(writeDoorLine({ type: "error", reason: how.reason }));
  socket.resume();
  how.clock.timer(500, () => socket.destroy());
}
