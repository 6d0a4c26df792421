import { Ears } from "../../protocols/room/ears.ts";
import { stationIdOf } from "../../protocols/room/station-id.ts";
import { roomTopicOf } from "../../protocols/room/topics.ts";
import type { Destination } from "../../workers/pace/index.ts";
import { PaceThread } from "../../workers/pace/index.ts";
import type { Lent } from "../surface.ts";
import { RoomArrivals } from "./arrivals.ts";
import { StationCalls } from "./calls/station-calls.ts";
import { ToldStates } from "./calls/told-states.ts";
import type { RoomConfig } from "./config.ts";
import { Deliveries } from "./deliveries.ts";
import { destinationsOf } from "./destinations.ts";
import { EarSockets } from "./ear-sockets.ts";
import { Gate } from "./gate.ts";
import { GroupKeys } from "./group-keys.ts";
import { roomMetrics } from "./metrics.ts";
import { networkOf } from "./networks.ts";
import { firstPacket, keepPacketCount } from "./packet-count.ts";
import type { RoomParts } from "./parts.ts";
import { RoomSender } from "./sender.ts";
import { RoomSpeaker, roomCarrier } from "./speaker.ts";
import { stationRoutes } from "./station-route.ts";
import { RoomStations } from "./stations.ts";
import { hubAddress } from "./steer/hub-address.ts";
import { startSteering } from "./steer/start.ts";
import { RoomTalks } from "./talks.ts";
import { RoomTroubles } from "./troubles.ts";
import { startRoomWeb } from "./web/start.ts";

/** Starts what {@link roomConfig} asks for. */
export async function start(house: Lent<RoomConfig>) {
  const { hub, config } = house;
  const { clock, log, identity } = hub;
  await using opened = new AsyncDisposableStack();
  const own = identity.installation;
  const stations = opened.use(new RoomStations({ clock, log }));
  const calls = opened.use(
    new StationCalls({ hub, stations, hubName: config.name, hangUpAfterMs: config.callSilenceS * 1000 }),
  );
  const troubles = opened.use(new RoomTroubles({ faults: identity.faults, stations, config, log }));
  const pace = opened.use(new PaceThread({ log }));
  const sender = new RoomSender({ pace, sender: own, clock, firstSequence: firstPacket(identity.store) });
  opened.use(keepPacketCount({ store: identity.store, count: () => sender.count, clock }));
  let sockets: EarSockets | undefined;
  const there = () => arrivals.list().flatMap(({ stationId }) => stations.get(stationId) ?? []);
  const destinations = () => destinationsOf({ config, networks: sockets?.networks ?? [], stations: there() });
  const carrier = roomCarrier({
    id: `room ${config.group}:${config.port}`,
    sender,
    members: () => arrivals.list().map(({ deviceId }) => deviceId),
    destinations,
    group: () => groupKeys.signing,
    begin: () => deliveries.begin(),
  });
  const mayCarry = (stationId: string) => arrivals.visitOf(stationId)?.key === undefined || groupKeys.knows(stationId);
  const makesVolume = (stationId: string) => stations.get(stationId)?.told === true && house.bus.connected;
  const gainOf = (stationId: string, deviceId: string) =>
    hub.turns.house.volume * (makesVolume(stationId) ? 1 : (hub.devices.get(deviceId)?.settings.volume ?? 1));
  const deliveries = opened.use(new Deliveries({ stations, there: () => arrivals.list(), own, clock, log }));
  const arrivals: RoomArrivals = opened.use(
    new RoomArrivals({
      hub,
      stations,
      speakerOf: (stationId, deviceId) =>
        new RoomSpeaker({
          sender,
          carrier,
          // What is said in a call is not sent to all.
          mayCarry: () => !calls.isTalking(deviceId) && mayCarry(stationId),
          heard: (speech) => calls.heardAt(deviceId, speech),
          echoes: () => {
            const station = stations.get(stationId);
            return station?.calls === true && !station.cancelsEcho;
          },
          destination: () => addressOf(stations.get(stationId)?.address, config.port),
          key: () => arrivals.visitOf(stationId)?.key,
          makesVolume: () => makesVolume(stationId),
          gain: () => gainOf(stationId, deviceId),
        }),
    }),
  );
  const groupKeys = opened.use(
    new GroupKeys({
      bus: house.bus,
      arrivals,
      stations,
      onRevoked: (listener) => hub.reception.onRevoked(listener),
      count: () => sender.count,
      rekey: (group) => sender.rekey(group),
      anyEmergency: config.emergency === "all" || hub.reception.isOpen,
      clock,
      log,
    }),
  );
  opened.use(
    deliveries.onChange((stationId) => {
      const delivery = deliveries.of(stationId);
      if (delivery) arrivals.visitOf(stationId)?.hears(delivery);
    }),
  );
  opened.use(arrivals.onCame(() => pace.warm()));
  const talks = new RoomTalks({
    hub,
    stations,
    arrivals,
    config,
    calls,
    networkOf: (address) => networkOf(address, sockets?.networks ?? []),
    warn: ({ stationId, key }, seconds) => {
      if (key) house.bus.command(roomTopicOf({ kind: "command", station: stationId, what: "ending" }), `${seconds}`);
    },
  });
  const ears = opened.use(new Ears({ clock, own: new Set([own]), onTalk: (heard) => talks.hear(heard) }));
  const gate = new Gate({
    clock,
    own,
    visitOf: (id) => arrivals.visitOf(id),
    stationOf: (id) => stations.get(id),
    open: hub.reception.isOpen,
  });
  sockets = opened.use(
    new EarSockets({
      config,
      clock,
      log,
      onDatagram: (bytes, from) => {
        if (gate.passes(bytes, from.address)) ears.hear(bytes, from);
      },
      onNetworks: (networks) => {
        const where = networks.map(({ name, address }) => `${name} ${address}`).join(", ");
        log.info({ group: config.group, port: config.port }, `rooms are listened to on ${where || "no network"}`);
      },
      onTrouble: (sentences) => troubles.network(sentences),
    }),
  );
  const hubFrom = (address: string | undefined) =>
    networkOf(address, sockets?.networks ?? [])?.address ?? hubAddress(config);
  opened.use(new ToldStates({ hub, bus: house.bus, calls, stations, hubFrom }));
  const parts: RoomParts = { house, config, stations, arrivals, calls, sender: own, hubId: stationIdOf(own) };
  const web = opened.use(await startRoomWeb(parts));
  await startParts(parts, opened);
  const owned = opened.move();
  return {
    addresses: [`room ${config.group}:${config.port}`, web.address],
    metrics: () =>
      roomMetrics({
        heard: ears.counters,
        turnedAway: gate.counters,
        talks: talks.counters,
        sent: sender.counters,
        stations: {
          known: stations.list().length,
          there: arrivals.list().length,
          lossy: there().filter(({ lossy }) => lossy).length,
        },
        delivered: arrivals.list().flatMap(({ stationId, deviceId }) => {
          const loss = deliveries.of(stationId)?.loss;
          return loss === undefined ? [] : [{ deviceId, loss }];
        }),
      }),
    routes: stationRoutes({ hub, config, broker: () => brokerOf(house) }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function addressOf(address: string | undefined, port: number): Destination | undefined {
  return address === undefined ? undefined : { address, port };
}

/** One line for each part. */
async function startParts(parts: RoomParts, opened: AsyncDisposableStack): Promise<void> {
  opened.use(startSteering(parts));
}

/** The hub's own broker, where it listens. */
function brokerOf({ others }: Pick<Lent<RoomConfig>, "others">): string | undefined {
  return others.flatMap(({ addresses }) => addresses).find((address) => address.startsWith("mqtt://"));
}
