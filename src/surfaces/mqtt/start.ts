import { readFileSync } from "node:fs";
import { connect as dialBroker, type IClientOptions, MqttClient } from "mqtt";
import { isSealed } from "../../identity/seal.ts";
import { stationIdOf } from "../../protocols/room/station-id.ts";
import { roomTopicOf } from "../../protocols/room/topics.ts";
import { background } from "../../util/background.ts";
import { FatalError, messageOf } from "../../util/errors.ts";
import type { Lent } from "../surface.ts";
import { followBirth } from "./birth.ts";
import { type Broker, openBroker } from "./broker.ts";
import { followCompanions } from "./companions.ts";
import { type MqttConfig, mqttConfig, mqttSecrets } from "./config.ts";
import { type ConnectOptions, clientOptions, keepConnected, type MqttVersion } from "./connect.ts";
import { presentDevices } from "./devices/start.ts";
import { presentHub } from "./hub-presence.ts";
import { mqttRoutes } from "./routes.ts";
import { tellState } from "./tell-state.ts";
import { deviceIdOf } from "./topic-rights.ts";
import { Visitors } from "./visitors.ts";

/** Starts what {@link mqttConfig} asks for, and says what the hub says of itself there. */
export async function start(lent: Lent<MqttConfig>) {
  const { hub, bus, config, version } = lent;
  const { clock, log, identity } = hub;
  await using opened = new AsyncDisposableStack();
  const hubId = stationIdOf(identity.installation);
  const status = roomTopicOf({ kind: "state", station: hubId, what: "status" });
  const own = { clientId: `doorward-${identity.installation}`, will: lastWill(status) };
  const broker = config.url === undefined ? opened.use(await startBroker(lent, hubId)) : undefined;
  const dial = broker
    ? (mqtt: MqttVersion) => new MqttClient(() => broker.ownConnection(), { ...clientOptions(mqtt), ...own })
    : dialOther(lent, own);
  const end = new AbortController();
  opened.use(presentHub({ bus, hub, hubId, version }));
  opened.use(presentDevices(lent, { hubId, hubStatus: status }));
  opened.use(followBirth({ bus, clock }));
  opened.use(followCompanions({ bus, calls: hub.calls, companions: config.companions, log }));
  const farewell = () => bus.publish(status, "offline", { retain: true, qos: 1 });
  const { signal } = end;
  const options: ConnectOptions = { bus, dial, farewell, onState: tellState(identity.faults, log), clock, log, signal };
  const running = keepConnected(options);
  background(running, (err) => log.error({ err }, `MQTT ended: ${messageOf(err)}`));
  opened.defer(async () => {
    end.abort();
    await running;
    identity.faults.clear("mqtt");
  });
  const owned = opened.move();
  return {
    routes: mqttRoutes({ bus, config, pairings: identity.pairings }),
    addresses: broker ? [`mqtt://${config.host.includes(":") ? `[${config.host}]` : config.host}:${broker.port}`] : [],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function lastWill(topic: string): NonNullable<IClientOptions["will"]> {
  return { topic, payload: Buffer.from("offline"), retain: true, qos: 1 };
}

/** The hub's own broker, which ends a device's connection when its token is taken away. */
async function startBroker({ hub, config }: Lent<MqttConfig>, hubId: string): Promise<Broker> {
  const { clock, log, reception } = hub;
  const accounts = Object.entries(config.accounts).map(([name, secret]) => [name, opened(hub, secret)] as const);
  const visitors = new Visitors({
    accounts: Object.fromEntries(accounts),
    isDevice: (arrival) => reception.isLetIn(arrival),
    open: reception.isOpen,
    clock,
  });
  const own = deviceIdOf(hubId);
  // The hub speaks for its devices too, which stand behind its own name.
  const isSomebody = (id: string) => id === own || id.startsWith(`${own}-`) || reception.isEnrolled(id);
  const broker = await openBroker({ ...config, visitors, isSomebody, clock, log });
  const watch = reception.onRevoked((id) => broker.hangUp(id));
  return {
    ...broker,
    [Symbol.asyncDispose]: async () => {
      watch[Symbol.dispose]();
      await broker[Symbol.asyncDispose]();
    },
  };
}

/** Any other broker. What is wrong with the settings is told now, and not at each try. */
function dialOther({ hub, config }: Lent<MqttConfig>, own: Partial<IClientOptions>): ConnectOptions["dial"] {
  const { url = "", username, password, ca, cert, key } = config;
  const options = {
    ...own,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password: opened(hub, password) }),
    ...(ca !== undefined && { ca: fileOf(ca) }),
    ...(cert !== undefined && { cert: fileOf(cert) }),
    ...(key !== undefined && { key: fileOf(key) }),
  };
  return (version) => dialBroker(url, { ...clientOptions(version), ...options });
}

function opened(hub: Lent<MqttConfig>["hub"], secret: string): string {
  if (!isSealed(secret)) return secret;
  try {
    return hub.identity.sealer.open(secret, { purpose: mqttSecrets });
  } catch (cause) {
    throw new FatalError("mqtt: a password cannot be opened with this hub's key: enter it again", {
      code: "seal",
      cause,
    });
  }
}

function fileOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new FatalError(`mqtt: file cannot be read: ${path}: ${messageOf(cause)}`, { code: "bad-config", cause });
  }
}
