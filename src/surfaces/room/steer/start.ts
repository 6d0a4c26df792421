import { z } from "zod";
import type { ButtonReach } from "../../../device/driver.ts";
import type { HubDevice } from "../../../hub/api.ts";
import { type ChannelId, type House, membersOf } from "../../../hub/channel.ts";
import { volumeOfPercent } from "../../../hub/loudness.ts";
import type { Ring } from "../../../hub/rings.ts";
import type { Store } from "../../../identity/store.ts";
import { allRooms, isAllRooms, type RoomCall, roomTopicOf } from "../../../protocols/room/topics.ts";
import { background } from "../../../util/background.ts";
import { messageOf } from "../../../util/errors.ts";
import { every } from "../../../util/every.ts";
import { Announcements } from "../../announcements.ts";
import type { RoomParts } from "../parts.ts";
import { channelsOf, whyNobody } from "../targets.ts";
import { followCalls, tellCall, tellCalls } from "./calls.ts";
import { followCommands } from "./commands.ts";
import { deviceBehind, deviceChange, deviceStations } from "./device-stations.ts";
import { callComponent, stationComponents } from "./entities.ts";
import { hubAddress } from "./hub-address.ts";
import { HubEntities } from "./hub-entities.ts";
import { HubValues } from "./hub-values.ts";
import { followNotices, type Notice } from "./notices.ts";
import { type OwnSetting, type OwnStation, OwnStations } from "./own-stations.ts";
import { RoomDiscovery } from "./room-discovery.ts";
import { StationButtons } from "./station-buttons.ts";
import { StationSettings } from "./station-settings.ts";
import { calledRooms } from "./told-calls.ts";
import { ToldStations } from "./told-stations.ts";

const kept = ["room-hub", "stations"] as const;
const addressEveryMs = 60_000;

/**
 * Steers and shows rooms over MQTT: takes in what stations say of themselves, steers them, and stands for the hub and its
 * devices as a station among stations and in Home Assistant. Without the surface `mqtt` nothing comes and nothing goes.
 */
export function startSteering(parts: RoomParts): Disposable {
  const { house, config, stations, arrivals, calls, hubId } = parts;
  const { name: hubName } = config;
  const { hub, bus, version } = house;
  const { clock, log, identity, devices } = hub;
  const held = new DisposableStack();
  /** While somebody rings who called over MQTT. */
  let called = false;
  const former = formerStations(identity.store);
  const places = { hub, stations, hubName };
  const values = new HubValues({
    store: identity.store,
    targetOf: (text) => targetNamed(text, parts),
    chimes: () => hub.chimes.list().map(({ name }) => name),
    log,
  });
  const ofDevices = { hub, hubId, isRoomStation: isRoomStation, former };
  const list = (): readonly OwnStation[] => [
    { id: hubId, name: hubName, model: "Intercom hub", values: values.messages },
    ...deviceStations(ofDevices),
  ];
  const own = held.use(
    new OwnStations({
      ...{ bus, hubId, list, former, clock },
      address: () => hubAddress(config),
      remember: (ids) => identity.store.remember(...kept, ids),
    }),
  );
  const told = held.use(new ToldStations({ bus, stations, isOwn: (id) => own.isOwn(id), clock, log }));
  const update = (deviceId: string, change: Parameters<typeof devices.update>[1]) =>
    background(devices.update(deviceId, change), (err) => {
      log.warn({ err, device: deviceId }, `MQTT: ${deviceId} is not set: ${messageOf(err)}`);
    });
  const settings = held.use(
    new StationSettings({
      said: (id) => told.values(id),
      station: (id) => {
        const station = stations.get(id);
        const device = station?.deviceId === undefined ? undefined : devices.get(station.deviceId);
        return station && device && { id, online: station.online, device };
      },
      command: (id, what, payload) => bus.command(roomTopicOf({ kind: "command", station: id, what }), payload),
      update,
      clock,
    }),
  );
  const buttons = held.use(
    new StationButtons({
      ...{ arrivals, clock, log },
      said: (id) => told.values(id),
      station: (id) => stations.get(id),
      targets: () => targetNames(parts),
      reach: (target) => reachOf(channelsOf(target, places), hub.house()),
      command: (id, what, payload) => bus.command(roomTopicOf({ kind: "command", station: id, what }), payload),
    }),
  );
  const announcements = held.use(new Announcements({ hub, say: house.say, allowed: config.soundsFrom }));
  const set = (id: string, what: OwnSetting, payload: string) => {
    const device = id === hubId ? undefined : deviceBehind(id, ofDevices);
    const change = device && deviceChange(what, payload, device);
    if (id === hubId) values.set(what, payload);
    if (device && change) update(device.id, change);
    own.repeat(id, what);
  };
  const entities = held.use(
    new HubEntities(bus, () => ({
      ...stationComponents({
        ...{ id: hubId, name: hubName, rings: allRooms },
        targets: targetNames(parts),
        chimes: hub.chimes.list().map(({ name }) => name),
      }),
      call: callComponent(hubId),
    })),
  );
  const rooms = held.use(
    new RoomDiscovery({
      ...{ bus, hubId, version, clock },
      stations: () => stations.list(),
      deviceOf: (deviceId) => devices.get(deviceId),
      targets: () => targetNames(parts),
      targetOf: (id) => told.values(id).target,
    }),
  );
  const followHouse = () => {
    const { volume, mute: muted, dnd: doNotDisturb } = values.now;
    hub.turns.setHouse({ volume: volumeOfPercent(volume), muted, doNotDisturb }, devices.list());
  };
  followHouse();
  const changed = () => {
    own.changed();
    entities.changed();
    rooms.changed();
    buttons.changed();
  };
  held.use(followCommands({ bus, isOwn: (id) => own.isOwn(id), set, clock }));
  held.use(followNotices(bus, (id, notice) => say(id, notice)));
  held.use(followCalls({ bus, ring, clock, log }));
  const roomOf = (deviceId: string) =>
    stations.list().find((station) => station.deviceId === deviceId && station.online)?.name;
  held.use(tellCalls({ bus, calls: hub.calls, roomOf, isTold: (id) => calls.isPressed(id) }));
  held.use(
    told.onValue(({ id, what, retained }) => {
      settings.said(id, what);
      buttons.said(id, { what, retained });
      if (what === "target") rooms.changed();
    }),
  );
  held.use(
    stations.onChange(({ id }) => {
      settings.changed(id);
      changed();
    }),
  );
  held.use(
    devices.onChange(({ id }) => {
      const station = stations.list().find(({ deviceId }) => deviceId === id);
      if (station) settings.changed(station.id);
      changed();
    }),
  );
  held.use(hub.turns.onChange(() => own.changed()));
  held.use(hub.chimes.onChange(changed));
  held.use(values.onChange(followHouse));
  held.use(values.onChange(changed));
  held.use(hub.rings.onRing((one) => tell(one)));
  held.use(every(clock, addressEveryMs, () => own.changed()));

  function say(id: string, notice: Notice): void {
    const { target, priority } = values.now;
    const device = id === hubId ? undefined : (deviceBehind(id, ofDevices)?.id ?? stations.get(id)?.deviceId);
    if (id !== hubId && device === undefined) return;
    const named = notice.target ?? (device === undefined ? target : device);
    const to = channelsOf(named, places);
    if (to.length === 0) log.warn({ target: named }, `MQTT: not announced: ${sayNobody(named)}`);
    else announcements.announce({ to, target: named, priority: notice.priority ?? priority, message: notice.message });
  }

  /** Somebody called over MQTT: everybody there has heard of it. A station calls by that, and everybody is only rung. */
  function ring({ target, caller, chime }: RoomCall): string | undefined {
    const to = channelsOf(target, places);
    const [self] = channelsOf(caller, places);
    const callerDevice = self?.startsWith("device:") ? self.slice("device:".length) : undefined;
    const station = stations.list().find((one) => one.online && one.deviceId === callerDevice);
    const person = to.length === 0 && station ? hub.personCalled(target) : undefined;
    if (to.length === 0 && !person) {
      const why = sayNobody(target);
      return station?.deviceId === undefined ? why : calls.refuse(station.deviceId, why);
    }
    if (station?.deviceId !== undefined && !to.includes("all")) {
      return calls.press(station.deviceId, person ? [`person:${person.id}`] : to);
    }
    const known = chime !== undefined && hub.chimes.get(chime) !== undefined;
    called = true;
    try {
      hub.rings.ring({
        to,
        may: (id) => id !== callerDevice,
        talker: { id: "mqtt", name: caller },
        ...(callerDevice !== undefined && { callerDevice }),
        priority: 1,
        chime: known ? chime : values.now.chime,
        onState: ({ state }) => {
          if (state === "granted") identity.audit.record({ actor: "MQTT", action: "ring", subject: target });
        },
      });
    } finally {
      called = false;
    }
    return undefined;
  }

  /** Tells those who listen for calls over MQTT of a ring from anywhere else, once. A call is told by itself. */
  function tell(one: Ring): void {
    if (called || one.callId !== undefined) return;
    const nameOf = (id: string) =>
      stations.list().find(({ deviceId }) => deviceId === id)?.name ?? devices.get(id)?.name;
    const caller = (one.callerDevice === undefined ? undefined : nameOf(one.callerDevice)) ?? one.caller;
    for (const target of calledRooms({ ring: one, house: hub.house(), nameOf })) {
      tellCall(bus, { target, caller: caller.slice(0, 64), chime: one.chime });
    }
  }

  function sayNobody(name: string): string {
    const isHub = name.trim().toLowerCase() === hubName.toLowerCase();
    return isHub ? `${name} ${whyNobody(name, { hubName })}` : `nobody is called ${name}`;
  }

  return held;
}

function isRoomStation(device: HubDevice): boolean {
  return device.info().kind === "room";
}

/** A room's name as it is written, of whatever somebody writes; undefined where nobody is called so. */
function targetNamed(text: string, parts: RoomParts): string | undefined {
  if (isAllRooms(text)) return allRooms;
  const wanted = text.trim().toLowerCase();
  return targetNames(parts).find((name) => name.toLowerCase() === wanted);
}

/** Everybody who can be chosen, beside everybody: rooms, devices that can be spoken through, areas and groups. */
function targetNames({ house: { hub }, stations }: RoomParts): readonly string[] {
  const { devices, groups } = hub.house();
  const speaking = new Set(devices.filter(({ speaks }) => speaks).map(({ id }) => id));
  const rooms = stations.list().filter(({ online }) => online);
  const names = [
    ...rooms.map(({ name }) => name),
    ...hub.devices.list().flatMap(({ id, name }) => (speaking.has(id) ? [name] : [])),
    ...devices.flatMap(({ area }) => (area === undefined ? [] : [area])),
    ...groups.keys(),
  ];
  return [...new Set(names)].sort((one, other) => one.localeCompare(other));
}

/** The devices of some channels, as rights are asked about them. */
function reachOf(channels: readonly ChannelId[], house: House): readonly ButtonReach[] {
  const devices = new Map(house.devices.map((device) => [device.id, device]));
  return membersOf(channels, house).map((id) => {
    const area = devices.get(id)?.area;
    return { id, ...(area !== undefined && { area }) };
  });
}

function formerStations(store: Pick<Store, "get">): ReadonlySet<string> {
  return new Set(z.array(z.string()).safeParse(store.get(...kept)).data ?? []);
}
