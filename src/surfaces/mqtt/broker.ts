import { type AddressInfo, createServer, type Socket } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import { Aedes, type Client, type ConnectPacket, type PublishPacket } from "aedes";
import { addressBlock } from "../../util/address-block.ts";
import type { Clock } from "../../util/clock.ts";
import { messageOf } from "../../util/errors.ts";
import { listenAt } from "../../util/listen.ts";
import type { Log } from "../../util/log.ts";
import { Seldom } from "../../util/seldom.ts";
import { maxPayloadBytes } from "../bus.ts";
import { KeptTopics } from "./kept-topics.ts";
import { mayPublish, maySubscribe, type Visitor } from "./topic-rights.ts";
import type { Visitors } from "./visitors.ts";

/** Options of {@link openBroker}. */
export interface BrokerOptions {
  readonly host: string;
  readonly port: number;
  readonly visitors: Visitors;
  /** Devices for which nobody else speaks: those with a token, and the hub. */
  readonly isSomebody: (deviceId: string) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** The hub's own broker, while it listens. */
export interface Broker extends AsyncDisposable {
  readonly port: number;
  /** A connection of the hub's own, which needs no password. */
  ownConnection(): Duplex;
  /** Ends what a device has open. */
  hangUp(deviceId: string): void;
}

/** A packet's head and topic beside the payload. */
const maxPacketBytes = maxPayloadBytes + 1024;
const maxConnections = 512;
/** Sockets of one block of addresses; a house behind one router has fewer stations. */
const maxPerBlock = 64;
const logInMs = 10_000;
const maxTopicLevels = 10;
const maxFilters = 128;
const sayEveryMs = 60_000;
/** Where a message goes that may not be sent: MQTT 3.1.1 has no way to refuse one but to end the connection. */
const nowhere = "$nowhere";
/** CONNACK of MQTT 3.1.1 (3.2.2.3); aedes makes the reason code of MQTT 5 of it. */
const notAuthorized = 5;
const identifierRejected = 2;

/** Who a connection is, and what it subscribed to. */
interface Known {
  readonly visitor: Visitor;
  readonly filters: Set<string>;
}

/** Starts the hub's own broker. Throws FatalError `listen`. */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  const { clock, log, visitors, isSomebody } = options;
  const own = new WeakSet<object>();
  const known = new WeakMap<Client, Known>();
  const live = new Map<Client, Visitor>();
  const kept = new KeptTopics();
  const seldom = new Seldom({ clock, everyMs: sayEveryMs });
  const say = (fields: { readonly who: string; readonly topic?: string }, what: string) => {
    if (seldom.isNews(`${what} ${fields.who} ${fields.topic ?? ""}`)) log.warn(fields, `MQTT: ${what}`);
  };
  const aedes = new Aedes({
    maximumPacketSize: maxPacketBytes,
    connectTimeout: logInMs,
    maxTopicLevels,
    preConnect: (_client, packet, done) => {
      forgetSession(packet);
      done(null, true);
    },
    authenticate: (client, username, password, done) => {
      const visitor = own.has(client.conn)
        ? ({ as: "everything", name: "hub" } as const)
        : visitors.recognise({ username, password: password?.toString("utf8"), address: addressOf(client) });
      if (!visitor) {
        say({ who: addressOf(client) }, "somebody is not let in: name and password are no account's and no device's");
        return done(refusal(notAuthorized), null);
      }
      const before = [...live].find(([other]) => other.id === client.id)?.[1];
      if (before && !isSame(before, visitor)) {
        say({ who: nameOf(visitor) }, "somebody uses another's client id");
        return done(refusal(identifierRejected), null);
      }
      known.set(client, { visitor, filters: new Set() });
      done(null, true);
    },
    authorizePublish: (client, packet, done) => {
      const visitor = client && known.get(client)?.visitor;
      if (visitor && mayPublish(visitor, packet.topic, isSomebody) && kept.take(packet)) return done(null);
      say({ who: nameOf(visitor), topic: packet.topic }, "not taken: this topic is another's, or too much is kept");
      refuse(packet);
      done(null);
    },
    authorizeSubscribe: (client, subscription, done) => {
      const who = known.get(client);
      const fits = who && (who.filters.has(subscription.topic) || who.filters.size < maxFilters);
      if (!fits || !maySubscribe(who.visitor, subscription.topic)) {
        say({ who: nameOf(who?.visitor), topic: subscription.topic }, "not subscribed: these topics are others'");
        return done(null, null);
      }
      who.filters.add(subscription.topic);
      done(null, subscription);
    },
  });
  aedes.on("client", (client) => {
    const visitor = known.get(client)?.visitor;
    if (visitor) live.set(client, visitor);
  });
  aedes.on("clientDisconnect", (client) => live.delete(client));
  const trouble = (client: Client, err: Error) => log.debug({ err, client: client.id }, `MQTT: ${messageOf(err)}`);
  aedes.on("clientError", trouble).on("connectionError", trouble);
  await aedes.listen();
  const server = guardedServer((socket) => aedes.handle(socket));
  try {
    await listenAt(server, { host: options.host, port: options.port, what: "mqtt" });
  } catch (error) {
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    throw error;
  }
  return {
    port: (server.address() as AddressInfo).port,
    ownConnection: () => {
      const [ours, theirs] = duplexPair();
      own.add(theirs);
      // One half of a pair that is destroyed says nothing to the other.
      ours.once("close", () => theirs.destroy());
      theirs.once("close", () => ours.destroy());
      aedes.handle(theirs);
      return ours;
    },
    hangUp: (deviceId) => {
      for (const [client, visitor] of live) if (visitor.as === "device" && visitor.id === deviceId) client.close();
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      server.endAll();
      await closed;
    },
  };
}

/** Nothing is kept for whoever is away: commands of yesterday are worse than none, and nobody's queue grows. */
function forgetSession(packet: ConnectPacket): void {
  packet.clean = true;
  if (packet.properties) packet.properties.sessionExpiryInterval = 0;
  if (packet.will?.properties) packet.will.properties.willDelayInterval = 0;
}

function refuse(packet: PublishPacket): void {
  packet.topic = nowhere;
  packet.retain = false;
  packet.payload = "";
}

function refusal(returnCode: number) {
  return Object.assign(new Error("not let in"), { returnCode });
}

function addressOf(client: Client): string {
  return ("remoteAddress" in client.conn ? client.conn.remoteAddress : undefined) ?? "";
}

function nameOf(visitor: Visitor | null | undefined): string {
  if (!visitor) return "nobody";
  return visitor.as === "everything" ? visitor.name : visitor.as === "device" ? visitor.id : "guest";
}

function isSame(one: Visitor, other: Visitor): boolean {
  return one.as === other.as && nameOf(one) === nameOf(other);
}

/** A server that closes what is too much, in all and of one block of addresses. */
function guardedServer(connected: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const blocks = new Map<string, number>();
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    const block = addressBlock(socket.remoteAddress ?? "");
    const before = blocks.get(block) ?? 0;
    socket.on("error", () => {});
    if (before >= maxPerBlock) return socket.destroy();
    blocks.set(block, before + 1);
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      const left = (blocks.get(block) ?? 1) - 1;
      if (left > 0) blocks.set(block, left);
      else blocks.delete(block);
    });
    connected(socket);
  });
  server.maxConnections = maxConnections;
  return Object.assign(server, {
    endAll: () => {
      for (const socket of sockets) socket.destroy();
    },
  });
}
