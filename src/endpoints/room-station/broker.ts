import { connect, type MqttClient } from "mqtt";
import { backoffDelayMs } from "../../util/backoff.ts";
import type { Clock } from "../../util/clock.ts";
import { isAbort } from "../../util/errors.ts";
import { networkReason } from "../../util/network-reason.ts";
import type { StationMessage } from "./messages.ts";
import type { Publish } from "./ports.ts";

/** Where the broker is, and who we are to it. */
export interface BrokerAddress {
  /** mqtt://host:port or mqtts://host:port. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** 5, or 4 for MQTT 3.1.1. */
  readonly version: 4 | 5;
}

/** Options of {@link followBroker}. */
export interface BrokerOptions {
  readonly broker: BrokerAddress;
  readonly clientId: string;
  readonly filters: readonly string[];
  /** Topic under which `offline` is our last will. */
  readonly statusTopic: string;
  /** Connected and subscribed. */
  readonly onOnline: () => void;
  readonly onMessage: (message: StationMessage) => void;
  /** It is there, or not, and why. Told when that changes. */
  readonly onState: (state: "connected" | { readonly lost: string }) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const keepAliveS = 15;
const firstDelayMs = 1000;
const maxDelayMs = 30_000;
const farewellMs = 2000;
/** Longer payloads are nobody's command to a station. */
const maxPayloadBytes = 8192;

/** A connection to a broker that comes back: what is published while there is none is not kept. */
export interface BrokerLink {
  readonly publish: Publish;
  /** Resolves when the signal has aborted and the last words are said. */
  readonly ended: Promise<void>;
}

/** Keeps connected until the signal aborts, with a clean session each time: nothing is queued for us while we are away. */
export function followBroker(options: BrokerOptions): BrokerLink {
  let client: MqttClient | undefined;
  const publish: Publish = (topic, payload, { retain }) => {
    // What is retained is said anew after each connect, so that nobody has to wait for the answer.
    if (client?.connected) client.publish(topic, payload, { retain, qos: retain ? 1 : 0 }, () => {});
  };
  const run = async () => {
    let attempt = 0;
    let told: string | undefined;
    while (!options.signal.aborted) {
      const end = await connectOnce(options, (now) => {
        client = now;
        if (now) options.onState("connected");
      });
      client = undefined;
      if (options.signal.aborted) return;
      if (end.stood || told !== end.why) options.onState({ lost: end.why });
      told = end.why;
      attempt = end.stood ? 0 : attempt + 1;
      await options.clock
        .sleep(backoffDelayMs(attempt, { firstMs: firstDelayMs, maxMs: maxDelayMs }), options.signal)
        .catch(ignoreAbort);
    }
  };
  return { publish, ended: run() };
}

interface End {
  readonly stood: boolean;
  readonly why: string;
}

async function connectOnce(options: BrokerOptions, onClient: (client: MqttClient) => void): Promise<End> {
  const { broker, clientId, filters, statusTopic, onOnline, onMessage, signal, clock } = options;
  const { url, username, password, version } = broker;
  const client = connect(url, {
    clientId,
    protocolVersion: version,
    clean: true,
    keepalive: keepAliveS,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    connectTimeout: 10_000,
    timerVariant: "native",
    will: { topic: statusTopic, payload: Buffer.from("offline"), retain: true, qos: 1 },
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  });
  const closed = Promise.withResolvers<void>();
  let stood = false;
  let fault: Error | undefined;
  client.once("close", () => closed.resolve());
  client.on("error", (error) => {
    fault ??= error;
  });
  client.on("message", (topic, payload, { retain }) => {
    if (payload.length <= maxPayloadBytes) onMessage({ topic, payload: payload.toString("utf8"), retained: retain });
  });
  client.once("connect", () => {
    client.subscribe([...filters], { qos: 1 }, (error) => {
      if (error || !client.connected) return;
      stood = true;
      onClient(client);
      onOnline();
    });
  });
  const leave = () => sayFarewell(client, { statusTopic, clock });
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  await closed.promise;
  signal.removeEventListener("abort", leave);
  client.end(true);
  return { stood, why: fault ? networkReason(fault) : "it ended the connection" };
}

function sayFarewell(client: MqttClient, how: { readonly statusTopic: string; readonly clock: Clock }): void {
  if (!client.connected) {
    client.end(true);
    client.stream?.destroy();
    return;
  }
  client.publish(how.statusTopic, "offline", { retain: true, qos: 1 }, () => {});
  how.clock.timer(farewellMs, () => client.end(true));
  client.end(false);
}

function ignoreAbort(error: unknown): void {
  if (!isAbort(error)) throw error;
}
