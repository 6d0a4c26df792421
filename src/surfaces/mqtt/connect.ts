import type { IClientOptions, MqttClient } from "mqtt";
import { background } from "../../util/background.ts";
import { backoffDelayMs } from "../../util/backoff.ts";
import type { Clock } from "../../util/clock.ts";
import { isAbort, messageOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { networkReason } from "../../util/network-reason.ts";
import { type Bus, type BusLink, maxPayloadBytes } from "../bus.ts";
import { tlsReason } from "./tls-reason.ts";

/** 5 where the broker speaks it, 4 (MQTT 3.1.1) where it does not. */
export type MqttVersion = 4 | 5;

/** How the connection is, for people. */
export type ConnectionState =
  | { readonly state: "connected"; readonly version: MqttVersion }
  | { readonly state: "lost"; readonly why: string }
  /** The broker ended it twice within ten seconds. */
  | { readonly state: "thrown-out" };

/** Options of {@link keepConnected}. */
export interface ConnectOptions {
  readonly bus: Bus;
  /** Begins one connection; it never connects anew by itself. */
  readonly dial: (version: MqttVersion) => MqttClient;
  /** Last words, said before the connection is ended on purpose: a last will is not spoken then. */
  readonly farewell: () => void;
  readonly onState: (state: ConnectionState) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: (() => number) | undefined;
  readonly signal: AbortSignal;
}

const firstDelayMs = 1000;
const maxDelayMs = 60_000;
/** Two ends by the broker within this time: somebody else comes under our name. */
const thrownOutUs = 10_000_000;
/** How long we stay away then, at least. */
const thrownOutDelayMs = 60_000;
const farewellMs = 2000;
/** MQTT 5.0, 3.14.2.1: session taken over. */
const takenOver = 0x8e;

/** What all our connections have in common. A new client is made for each, so that nothing of the last one is said late. */
export function clientOptions(version: MqttVersion): IClientOptions {
  return {
    protocolVersion: version,
    clean: true,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    connectTimeout: 10_000,
    keepalive: 15,
    timerVariant: "native",
    ...(version === 5 && { properties: { sessionExpiryInterval: 0, maximumPacketSize: maxPayloadBytes + 1024 } }),
  };
}

/** How one connection ended. */
interface End {
  /** Monotonic time at which it stood; undefined when it never did. */
  readonly upUs?: number | undefined;
  readonly error?: Error | undefined;
  /** The reason that the broker gave (MQTT 5). */
  readonly reasonCode?: number | undefined;
}

/** Keeps the bus connected until the signal aborts. Never throws. */
export async function keepConnected(options: ConnectOptions): Promise<void> {
  const { clock, signal, log, random } = options;
  let version: MqttVersion = 5;
  let attempt = 0;
  let endedUs: number | undefined;
  while (!signal.aborted) {
    const end = await connectOnce(version, options);
    if (signal.aborted) return;
    const nowUs = clock.nowUs();
    const refusedVersion = end.upUs === undefined && isVersionRefusal(end.error);
    if (refusedVersion && version === 5) {
      log.info({}, "MQTT: the broker does not speak MQTT 5; 3.1.1 is used");
      version = 4;
      continue;
    }
    if (refusedVersion) version = 5;
    const ended = end.upUs !== undefined && endedByBroker(end);
    const thrownOut = ended && endedUs !== undefined && nowUs - endedUs < thrownOutUs;
    if (ended) endedUs = nowUs;
    attempt = end.upUs === undefined ? attempt + 1 : 0;
    options.onState(thrownOut ? { state: "thrown-out" } : { state: "lost", why: whyOf(end) });
    const backoff = { firstMs: firstDelayMs, maxMs: maxDelayMs, ...(random && { random }) };
    const delayMs = thrownOut ? thrownOutDelayMs + backoffDelayMs(5, backoff) : backoffDelayMs(attempt, backoff);
    await clock.sleep(delayMs, signal).catch((error) => {
      if (!isAbort(error)) throw error;
    });
  }
}

async function connectOnce(version: MqttVersion, options: ConnectOptions): Promise<End> {
  const { bus, clock, log, signal, onState } = options;
  const client = options.dial(version);
  const closed = new Promise<void>((resolve) => client.once("close", resolve));
  const held = new DisposableStack();
  let upUs: number | undefined;
  let error: Error | undefined;
  let reasonCode: number | undefined;
  client.on("error", (found) => {
    error ??= found;
  });
  client.on("disconnect", (packet) => {
    reasonCode = packet.reasonCode;
  });
  client.on("message", (topic, payload, packet) => bus.receive({ topic, payload, retained: packet.retain }));
  client.once("connect", () => {
    upUs = clock.nowUs();
    onState({ state: "connected", version });
    held.use(bus.plug(linkOf(client, { version, log })));
    // What the broker had kept comes before its answer to this; then we say how we stand.
    client.on("packetreceive", function announce({ cmd }) {
      if (cmd !== "pingresp") return;
      client.off("packetreceive", announce);
      bus.announce();
    });
    client.sendPing();
  });
  const leave = () => background(endWithFarewell(client, options), (err) => log.debug({ err }, "MQTT: no farewell"));
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  try {
    await closed;
  } finally {
    held.dispose();
    signal.removeEventListener("abort", leave);
    client.removeAllListeners("message");
    client.on("error", () => {});
    client.end(true);
  }
  return { upUs, error, reasonCode };
}

/** Says the last words and waits until they were taken, but not for long. */
async function endWithFarewell(client: MqttClient, { farewell, clock }: ConnectOptions): Promise<void> {
  if (!client.connected) {
    client.end(true);
    // Nobody closes a connection that never stood.
    client.stream?.destroy();
    return;
  }
  farewell();
  const late = clock.timer(farewellMs, () => client.end(true));
  await client.endAsync(false);
  late[Symbol.dispose]();
}

function linkOf(client: MqttClient, how: { readonly version: MqttVersion; readonly log: Log }): BusLink {
  const { version, log } = how;
  const failed = (what: string) => (err?: Error | null) => {
    if (err) log.debug({ err }, `MQTT: ${what}: ${messageOf(err)}`);
  };
  return {
    publish: (topic, payload, { retain = false, qos = 0, expiryS }) => {
      const properties = version === 5 && expiryS !== undefined && { properties: { messageExpiryInterval: expiryS } };
      const bytes = typeof payload === "string" ? payload : Buffer.from(payload);
      client.publish(topic, bytes, { retain, qos, ...properties }, failed(topic));
    },
    subscribe: (filter) => client.subscribe(filter, { qos: 1 }, failed(filter)),
    unsubscribe: (filter) => client.unsubscribe(filter, failed(filter)),
  };
}

/**
 * The broker ended a connection that stood: it said so, closed without a word (MQTT 3.1.1 has none), or closed while something
 * of ours was under way, which the network makes a reset of.
 */
function endedByBroker({ error, reasonCode }: End): boolean {
  if (reasonCode !== undefined) return reasonCode === takenOver;
  return isBrokenOff(error);
}

/** Closed without a word. */
function isBrokenOff(error: Error | undefined): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return error === undefined || code === "ECONNRESET" || code === "EPIPE";
}

/**
 * A broker that does not know MQTT 5 says so (code 1, or 0x84 from one that knows it), says it in a form that the parser for
 * MQTT 5 does not take, or just closes.
 */
function isVersionRefusal(error: Error | undefined): boolean {
  if (error === undefined) return true;
  const { code } = error as { readonly code?: unknown };
  if (code === undefined) return /pars|protocol version|connack/i.test(error.message);
  return code === 1 || code === 0x84;
}

function whyOf({ error, reasonCode, upUs }: End): string {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  if (code === 4 || code === 5 || code === 0x86 || code === 0x87) return "it does not take our user name and password";
  const tls = tlsReason(error);
  if (tls !== undefined) return tls;
  if (upUs === undefined && isBrokenOff(error))
    return "it ended the connection at once; perhaps it wants TLS (mqtts://), or none";
  if (typeof code === "string") return networkReason(error as NodeJS.ErrnoException);
  if (error) return messageOf(error);
  if (reasonCode !== undefined) return `it ended the connection with reason 0x${reasonCode.toString(16)}`;
  return "it ended the connection";
}
