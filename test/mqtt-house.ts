import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { stationIdOf } from "../src/protocols/room/station-id.ts";
import type { BusMessage } from "../src/surfaces/bus.ts";
import { ManualClock } from "../src/util/clock.ts";
import { type Log, silentLog } from "../src/util/log.ts";
import { type Listening, type Mosquitto, mosquittoSub, startMosquitto } from "./peers/mosquitto.ts";
import { type Rig, type RigOptions, startRig } from "./web-rig.ts";

/** A hub at a broker, with somebody else there who may do everything. */
export interface House extends AsyncDisposable {
  readonly rig: Rig;
  readonly hubId: string;
  readonly clock: ManualClock;
  /** Lines of the log at the level of warnings and above. */
  readonly said: string[];
  /** `mosquitto_sub -v` for a filter. */
  listen(filter: string): Promise<Listening>;
  /** Another program at the broker. */
  program(options?: IClientOptions): Promise<MqttClient>;
}

/** A broker that the hub uses; each has to do the same. */
export interface BrokerKind {
  readonly name: string;
  readonly house: (options?: RigOptions) => Promise<House>;
}

/** Who may do everything at the hub's own broker. */
export const account = { username: "watcher", password: "a long password" };

/** Both kinds of broker: each has to do the same. */
export const brokers: readonly BrokerKind[] = [
  {
    name: "the hub's own broker",
    house: (options) => startHouse({ ...options, mqtt: { port: 0, accounts: { watcher: account.password } } }),
  },
  {
    name: "Mosquitto",
    house: async (options) => {
      const broker = await startMosquitto();
      return startHouse({ ...options, mqtt: { url: `mqtt://127.0.0.1:${broker.port}` } }, broker);
    },
  },
];

/** Keeps what is said with some weight. */
function listeningLog(said: string[]): Log {
  const log: Log = {
    ...silentLog,
    warn: (_fields, message) => said.push(message),
    error: (_fields, message) => said.push(message),
    child: () => log,
  };
  return log;
}

/** Starts a hub at a broker: its own, unless another is given, which ends with it. */
export async function startHouse(options: RigOptions, broker?: Mosquitto): Promise<House> {
  await using held = new AsyncDisposableStack();
  if (broker) held.use(broker);
  const clock = new ManualClock();
  const said: string[] = [];
  const rig = held.use(await startRig({}, { clock, log: listeningLog(said), ...options }));
  const port = broker?.port ?? Number(new URL(rig.web.addresses[0] ?? "").port);
  const owned = held.move();
  return {
    rig,
    clock,
    said,
    hubId: stationIdOf(rig.identity.installation),
    listen: async (filter) => {
      const own = ["-p", String(port), "-u", account.username, "-P", account.password, "-t", filter];
      return owned.use(await mosquittoSub(own));
    },
    program: async (more) => {
      const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { ...account, reconnectPeriod: 0, ...more });
      client.on("error", () => {});
      owned.defer(() => {
        client.end(true);
      });
      return client;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Resolves when the bus is connected, or is not. */
export async function until({ rig }: House, connected: boolean): Promise<void> {
  const { bus } = rig.web;
  while (bus.connected !== connected) {
    const changed = Promise.withResolvers<void>();
    using _watch = bus.onChange(() => changed.resolve());
    await changed.promise;
  }
}

/** What comes on a filter, and a way to wait for a number of messages. */
export function inbox({ rig }: House, filter: string, how: "subscribe" | "onCommand" = "subscribe") {
  const got: BusMessage[] = [];
  const waiting = new Set<() => void>();
  rig.web.bus[how](filter, (message) => {
    got.push(message);
    for (const look of waiting) look();
  });
  const count = (wanted: number) =>
    new Promise<void>((resolve) => {
      const look = () => got.length >= wanted && resolve();
      waiting.add(look);
      look();
    });
  return { got, count };
}
