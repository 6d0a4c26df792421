import type { Identity } from "../identity/identity.ts";
import type { Converter } from "../media/convert.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import type { HubDevice, HubDevices, HubTurns } from "./api.ts";
import type { QuietHours } from "./bell-settings.ts";
import { CallCameras } from "./call-camera.ts";
import { CallChimes } from "./call-chimes.ts";
import { CallHistory } from "./call-history.ts";
import type { CallParty } from "./call-info.ts";
import { CallMedia } from "./call-media.ts";
import { CallPlans } from "./call-plan.ts";
import { CallRights } from "./call-rights.ts";
import { CallTimes } from "./call-times.ts";
import { CallVisitor, type SayText } from "./call-visitor.ts";
import { Calls } from "./calls.ts";
import type { CallsConfig, HouseSection } from "./calls-config.ts";
import type { House } from "./channel.ts";
import { isQuietAt } from "./quiet-hours.ts";
import { RingingSettings } from "./ringing-settings.ts";
import type { Rings } from "./rings.ts";

/** Options of {@link openCalls}. */
export interface OpenCallsOptions {
  readonly devices: HubDevices;
  readonly turns: HubTurns;
  readonly rings: Rings;
  readonly identity: Identity;
  readonly converter: Converter;
  /** Makes speech of text, for who rings at a door. */
  readonly say: SayText | undefined;
  readonly house: () => House;
  /** What the configuration says now. */
  readonly rules: () => CallRules;
  readonly clock: Clock;
  readonly log: Log;
}

/** Calls, and what belongs to them. */
export interface HubCallParts extends Disposable {
  readonly calls: Calls;
  /** Who may answer, see and end a call. */
  readonly callRights: CallRights;
  readonly callHistory: CallHistory;
  /** How long calls take, and how they end. */
  readonly callTimes: CallTimes;
  /** What each party of a call hears, and where it speaks. */
  readonly callMedia: CallMedia;
  /** How people want to be rung. */
  readonly ringing: RingingSettings;
  /** Somebody by id or name. */
  personCalled(idOrName: string): { readonly id: string; readonly name: string } | undefined;
  /** What the configuration says of calls and of the house. */
  rules(): CallRules;
}

/** What of the configuration calls follow. */
export interface CallRules {
  readonly calls: CallsConfig;
  readonly house: HouseSection;
}

/** Puts the calls of a hub together, and ends in the history what an earlier run left open. */
export function openCalls(options: OpenCallsOptions): HubCallParts {
  const { devices, turns, rings, identity, converter, house, rules, clock, log } = options;
  const device = (id: string) => devices.get(id);
  const ringing = new RingingSettings({ store: identity.store, log });
  const timeZone = () => rules().house.timeZone;
  const within = (hours: QuietHours) =>
    hours.length > 0 && isQuietAt(hours, { wallMs: clock.wallMs(), timeZone: timeZone() });
  const isQuiet = quietNow({ device, ringing, within });
  const isBellQuiet = ({ settings }: HubDevice) => within(settings.bell?.quiet ?? []);
  const person = (idOrName: string) => personCalled(identity, idOrName);
  const plans = new CallPlans({ device, house, person, isQuiet, isBellQuiet, ringS: () => rules().calls.ringS });
  const calls = new Calls({ plans, clock, log });
  const callHistory = new CallHistory(identity.store);
  callHistory.endLeftovers(clock.wallMs());
  const callTimes = new CallTimes(clock);
  const owned = new DisposableStack();
  const chimes = owned.use(new CallChimes({ calls, rings, clock, log }));
  const keep = (id: string, jpeg: Uint8Array) => callHistory.addSnapshot(id, jpeg);
  const cameras = owned.use(new CallCameras({ device, converter, keep, clock, log }));
  const callMedia = owned.use(
    new CallMedia({
      calls,
      device,
      turns,
      converter,
      clock,
      log,
      onFirstWord: (callId) => callTimes.firstWord(callId),
    }),
  );
  const { say } = options;
  const config = () => rules().calls;
  const visitor = owned.use(new CallVisitor({ device, turns, converter, say, config, clock, log }));
  owned.use(devices.onChange(({ id }) => chimes.follow(id, devices.get(id))));
  owned.use(
    calls.onChange((event) => {
      callHistory.follow(event);
      cameras.follow(event);
      callTimes.follow(event);
      // Before the call itself: the tone gives the speaker back.
      visitor.follow(event);
      callMedia.follow(event);
    }),
  );
  // First of all: whoever is told that a call is over still listens.
  owned.use(calls);
  return {
    calls,
    callRights: new CallRights({ policy: identity.policy, device }),
    callHistory,
    callTimes,
    callMedia,
    ringing,
    personCalled: person,
    rules,
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** Whether somebody wants to be left alone now: a device by its settings, a person by theirs. */
function quietNow(of: {
  readonly device: (id: string) => HubDevice | undefined;
  readonly ringing: RingingSettings;
  readonly within: (hours: QuietHours) => boolean;
}): (party: CallParty) => boolean {
  const { device, ringing, within } = of;
  return ({ party, deviceId }) => {
    const settings = deviceId === undefined ? undefined : device(deviceId)?.settings;
    if (settings && (settings.doNotDisturb || within(settings.quiet ?? []))) return true;
    if (!party.startsWith("person:")) return false;
    const { doNotDisturb, quiet } = ringing.of(party.slice("person:".length).split("/")[0] ?? "");
    return doNotDisturb || within(quiet);
  };
}

/** By id, or by name in any case of its letters. */
function personCalled(
  { users }: Identity,
  idOrName: string,
): { readonly id: string; readonly name: string } | undefined {
  const folded = idOrName.normalize("NFC").toLowerCase();
  const people = users.list();
  return people.find(({ id }) => id === idOrName) ?? people.find(({ name }) => name.toLowerCase() === folded);
}
