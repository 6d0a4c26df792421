import { join } from "node:path";
import type { DeviceEvent, Driver } from "../device/driver.ts";
import { Enrolment } from "../identity/enrolment.ts";
import type { Identity } from "../identity/identity.ts";
import { isSealed } from "../identity/seal.ts";
import { dropStatement, putStatement } from "../identity/store.ts";
import type { Converter } from "../media/convert.ts";
import type { Clock } from "../util/clock.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import type { HubBase, HubDevice } from "./api.ts";
import type { SayText } from "./call-visitor.ts";
import { type CallsConfig, callsConfig, type HouseSection } from "./calls-config.ts";
import { type House, membersOf } from "./channel.ts";
import { Chimes } from "./chimes.ts";
import { ConvertedPictures } from "./converted-pictures.ts";
import { type FloorConfig, floorConfig } from "./floor-config.ts";
import { FormerNames } from "./former-names.ts";
import { HubTimes } from "./hub-times.ts";
import { LastPictures, type PictureStore } from "./last-pictures.ts";
import { type LastPicturesConfig, lastPicturesConfig } from "./last-pictures-config.ts";
import { type LocksConfig, locksConfig } from "./lock-settings.ts";
import { Locks } from "./locks.ts";
import { type HubCallParts, openCalls } from "./open-calls.ts";
import { Reception } from "./reception.ts";
import { type DeviceBook, Registry, type RegistryOptions } from "./registry.ts";
import { type RingRequest, Rings } from "./rings.ts";
import { type SayConfig, SayHosts, sayConfig } from "./say-hosts.ts";
import { Sounds } from "./sounds.ts";
import type { DeviceInfo } from "./state.ts";
import { type TranscodeConfig, transcodeConfig } from "./transcode-config.ts";
import { Turns } from "./turns.ts";
import { Voices } from "./voices.ts";
import { type HabitsConfig, habitsConfig, WarmByHabit } from "./warm-by-habit.ts";

/** The hub: decides who sees, hears, speaks and opens what. Made by `createHub`; disposed by its maker. */
export interface Hub extends HubBase, Omit<HubCallParts, typeof Symbol.dispose>, AsyncDisposable {
  /** What opens doors. */
  readonly locks: Locks;
  readonly devices: Registry;
  /** Pictures in a form that browsers show. */
  readonly pictures: ConvertedPictures;
  readonly lastPictures: LastPictures;
  readonly turns: Turns;
  readonly voices: Voices;
  readonly chimes: Chimes;
  /** How long people wait for what the hub does. */
  readonly times: HubTimes;
  /** The sounds folder. */
  readonly sounds: Sounds;
  /** Where sounds may be fetched from. */
  readonly sayHosts: SayHosts;
  readonly rings: Rings;
  /** What channels mean at the moment. */
  house(): House;
  /** Called when other devices are grouped. */
  onGroups(listener: () => void): Disposable;
  /** Takes up what the configuration file says of groups and of the floor. */
  follow(config: HouseConfig): void;
  /** Where devices come in that call the hub. */
  readonly reception: Reception;
  readonly identity: Identity;
  /** What devices were called that are no more. */
  readonly formerNames: FormerNames;
  /** What devices say about themselves: rings, motion, health. */
  onDeviceEvent(listener: (event: { readonly id: string; readonly event: DeviceEvent }) => void): Disposable;
}

/** What of the configuration file the hub follows while it runs. */
export interface HouseConfig {
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly floor: FloorConfig;
  readonly calls: CallsConfig;
  readonly locks?: LocksConfig;
  readonly house: HouseSection;
  readonly transcode?: TranscodeConfig;
  readonly say?: SayConfig;
  readonly habits?: HabitsConfig;
  readonly lastPictures?: LastPicturesConfig;
}

/** Options of {@link createHub}. */
export interface HubOptions {
  readonly drivers: readonly Driver[];
  readonly converter: Converter;
  /** Its opener disposes it, after the hub. */
  readonly identity: Identity;
  readonly book: DeviceBook;
  /** Folder of the hub's data, of which `chimes/` is the hub's; a hub without one keeps no chimes that people add. */
  readonly dataDir?: string;
  /** Whether unknown devices that call wait for an administrator; they do unless told. */
  readonly enrolment?: "pending" | "open";
  /** Makes speech of text, for who rings at a door; without it they hear tones. */
  readonly say?: SayText;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the calls, before whoever is told of it ends. */
  readonly signal?: AbortSignal;
}

/** How the secrets of devices are sealed and opened; what is sealed, or plain, already is left as it is. */
export function devicePasswords({ sealer }: Pick<Identity, "sealer">): Pick<RegistryOptions, "seal" | "unseal"> {
  const purpose = "device-password";
  return {
    seal: (text) => (isSealed(text) ? text : sealer.seal(text, { purpose })),
    unseal: (text) => (isSealed(text) ? sealer.open(text, { purpose }) : text),
  };
}

/** What is learnt about devices is bookkeeping: noted in the database, and nobody waits for it. */
function kept({ store }: Pick<Identity, "store">, kind: string): PictureStore {
  return {
    ids: () => store.read("SELECT id FROM kept WHERE kind = ?", kind).map(({ id }) => String(id)),
    load: (id) => store.get(kind, id),
    save: (id, value) =>
      store.note([value === undefined ? dropStatement(kind, id) : putStatement(kind, id, value)], `${kind} ${id}`),
  };
}

/** Puts the hub together; no device is there yet. */
export function createHub(options: HubOptions): Hub {
  const { clock, log, converter, identity, dataDir, say } = options;
  const events = new Listeners<{ readonly id: string; readonly event: DeviceEvent }>((error) =>
    log.error({ err: error }, "listener of device events failed"),
  );
  const voices = new Voices({ clock });
  const regrouped = new Listeners<void>((error) => log.error({ err: error }, "listener of groups failed"));
  let groups: House["groups"] = new Map();
  let floor: FloorConfig = floorConfig.parse({});
  let callRules: CallsConfig = callsConfig.parse({});
  let houseRules: HouseSection = {};
  const house = (): House => ({ devices: registry.list().map(inHouse), groups });
  const { lost } = voices;
  const longestTalkMs = () => (floor.longestTalkS > 0 ? floor.longestTalkS * 1000 : undefined);
  const times = new HubTimes();
  const turns: Turns = new Turns({
    device: (id) => registry.get(id),
    house,
    converter,
    clock,
    log,
    lost,
    longestTalkMs,
    // In a conversation the floor is held through silence: when it is taken says nothing of a press.
    onTaken: ({ unlimited, bySound }, us) => unlimited || times.talk[bySound ? "sound" : "hold"].took(us),
  });
  const { store } = identity;
  const sounds = new Sounds({ folder: dataDir && join(dataDir, "sounds"), converter, store, clock, log });
  const chimes = new Chimes({ folder: dataDir && join(dataDir, "chimes"), sounds, converter, log });
  const sayHosts = new SayHosts({ store, log });
  const enrolment = new Enrolment({ store: identity.store, clock, mode: options.enrolment });
  const registry: Registry = new Registry({
    drivers: options.drivers,
    clock,
    log,
    book: options.book,
    ...devicePasswords(identity),
    memory: kept(identity, "device-memory"),
    floor: (id) => turns.holder(id),
    lastPicture: (id) => lastPictures.info(id),
    enrolled: (id) => sayEnrolled(enrolment.enrolled(id)),
    onEvent: (id, event) => events.emit({ id, event }),
    onSettings: (device) => turns.follow(device),
    onOpened: (id) => habits.opened(id),
  });
  const habits = new WarmByHabit({
    devices: () => registry.list(),
    store: kept(identity, "device-habits"),
    timeZone: () => houseRules.timeZone,
    clock,
    log,
  });
  const lastPictures = new LastPictures({
    ...{ devices: registry, converter, clock, log, sealer: identity.sealer },
    store: kept(identity, "last-picture"),
  });
  const unheard = registry.onChange((event) => event.type === "removed" && habits.removed(event.id));
  registry.onChange(() => turns.reconsider());
  const reception = new Reception({
    enrolment,
    registry,
    audit: identity.audit,
    onRights: () => identity.attachments.recheck(),
  });
  const rings = new Rings({
    turns,
    chimes,
    reached: (request) => rung(request, { house, registry, turns }),
    clock,
    log,
  });
  const pictures = new ConvertedPictures({ converter, clock, log });
  const rules = () => ({ calls: callRules, house: houseRules });
  const callParts = openCalls({ devices: registry, turns, say, rings, identity, converter, house, rules, clock, log });
  const { [Symbol.dispose]: endCalls, ...callsOfHub } = callParts;
  const { calls } = callParts;
  const locks = new Locks({
    device: (id) => registry.get(id),
    isLegacy: (device) => !reception.isOpen && device.info().arrival?.enrolled === "legacy",
    opened: (id, by) => calls.opened(id, by),
    audit: identity.audit,
    unseal: devicePasswords(identity).unseal,
    clock,
    log,
  });
  options.signal?.addEventListener("abort", () => calls[Symbol.dispose](), { once: true });
  events.add(({ id, event }) => {
    if (event.type === "ring") calls.ring({ from: id, bell: event.bell, pressId: event.pressId });
    if (event.type === "door") locks.noticed(id, event.open);
  });
  const formerNames = new FormerNames({ store, devices: registry });
  return {
    clock,
    log,
    converter,
    identity,
    formerNames,
    ...callsOfHub,
    locks,
    reception,
    devices: registry,
    pictures,
    lastPictures,
    turns,
    voices,
    chimes,
    sounds,
    times,
    sayHosts,
    rings,
    house,
    onGroups: (listener) => regrouped.add(listener),
    follow: (next) => {
      floor = next.floor;
      callRules = next.calls;
      locks.follow(next.locks ?? locksConfig.parse({}));
      houseRules = next.house;
      lastPictures.follow(next.lastPictures ?? lastPicturesConfig.parse({}));
      habits.follow(next.habits ?? habitsConfig.parse({}));
      pictures.follow(next.transcode ?? transcodeConfig.parse({}));
      sayHosts.follow(next.say ?? sayConfig.parse({}));
      groups = new Map(Object.entries(next.groups));
      turns.reconsider();
      regrouped.emit();
    },
    onDeviceEvent: (listener) => events.add(listener),
    [Symbol.asyncDispose]: () => {
      formerNames[Symbol.dispose]();
      endCalls();
      unheard[Symbol.dispose]();
      habits[Symbol.dispose]();
      lastPictures[Symbol.dispose]();
      pictures[Symbol.dispose]();
      locks[Symbol.dispose]();
      reception[Symbol.dispose]();
      return registry[Symbol.asyncDispose]();
    },
  };
}

function sayEnrolled(found: ReturnType<Enrolment["enrolled"]>): DeviceInfo["arrival"] {
  return found && { enrolled: found.legacy ? "legacy" : "token", approvedMs: found.approvedMs, grants: found.grants };
}

/** Of a device that has not been connected yet nobody knows whether it has a speaker: it is tried. */
function inHouse(device: HubDevice): House["devices"][number] {
  const { id, name, area, state } = device;
  const known = device.info().speaker !== undefined;
  return { id, name, area, speaks: known || !["live", "stale", "disabled"].includes(state.phase) };
}

/** The devices that a ring means, that may be disturbed by it and can play it: a browser that was not touched yet cannot. */
function rung(
  { to, may, priority }: RingRequest,
  { house, registry, turns }: { readonly house: () => House; readonly registry: Registry; readonly turns: Turns },
): readonly string[] {
  return membersOf(to, house()).filter((id) => {
    const device = registry.get(id);
    if (!device || !(may?.(id) ?? true) || device.info().station?.plays === false) return false;
    return priority === 2 || !(device.settings.doNotDisturb || turns.house.doNotDisturb);
  });
}
