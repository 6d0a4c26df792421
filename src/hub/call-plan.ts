import type { HubDevice } from "./api.ts";
import type { ArrivalKind } from "./arrival-kinds.ts";
import type { BellPress, CallWish, Ringer } from "./call-api.ts";
import { type CallInfo, type CallParty, isOrIsOf, isPartyId, type PartyId } from "./call-info.ts";
import type { CallRequest, CallStep, CallTarget } from "./call-steps.ts";
import { type ChannelId, type House, membersOf } from "./channel.ts";
import { lockOf } from "./lock-of.ts";

/** What a plan says of a call: who is rung when, for how long, and what belongs to it. */
export type CallPlan = Pick<CallRequest, "to" | "steps" | "ringMs" | "cameraId" | "lock">;

/** Options of {@link CallPlans}. */
export interface CallPlansOptions {
  readonly device: (id: string) => HubDevice | undefined;
  readonly house: () => House;
  /** Somebody by id or name; undefined for a stranger. */
  readonly person: (idOrName: string) => { readonly id: string; readonly name: string } | undefined;
  /** Who does not want to be rung now. */
  readonly isQuiet: (party: CallParty) => boolean;
  /** True while the bell of a device is to ring nobody. */
  readonly isBellQuiet: (device: HubDevice) => boolean;
  /** Seconds for which it rings, unless a bell says otherwise. */
  readonly ringS: () => number;
}

type Target = ChannelId | PartyId;

const defaultGroupS = 15;

/** What stands in rooms and rings by default for the bells of its area. */
const stationKinds: ReadonlySet<string> = new Set<ArrivalKind>(["room", "room-web", "page"]);

/** Who is rung: what the settings of a bell say, or who may talk to the device and the stations of its area. */
export class CallPlans {
  readonly #options: CallPlansOptions;

  constructor(options: CallPlansOptions) {
    this.#options = options;
  }

  /** The bell that was pressed, as people know it. Undefined when there is no such device. */
  bell({ from, bell }: BellPress): CallInfo["from"] | undefined {
    const device = this.#options.device(from);
    if (!device?.settings.enabled) return undefined;
    const named = bell === undefined ? undefined : device.settings.bell?.names?.[bell]?.name;
    const own: CallInfo["from"] = { party: `device:${device.id}`, name: device.name, deviceId: device.id };
    return bell === undefined ? own : { ...own, name: `${device.name}, ${named ?? bell}`, bell };
  }

  /** Who is rung by a press. */
  ring(
    { from: id, bell, to }: BellPress,
    how: { readonly from: CallInfo["from"]; readonly ringers: readonly Ringer[] },
  ): CallPlan {
    const device = this.#options.device(id);
    const settings = device?.settings.bell;
    const own = (bell === undefined ? undefined : settings?.names?.[bell]?.rings) ?? settings?.rings;
    const groups = to ? [to] : (settings?.groups ?? (own && [own]));
    const groupMs = (settings?.groupS ?? defaultGroupS) * 1000;
    const explicit = groups?.map((group, index): CallStep => {
      return { afterMs: index * groupMs, how: "instead", targets: this.#targets(group, how) };
    });
    const steps = explicit ?? [{ afterMs: 0, how: "instead", targets: this.#everybody(device, how) }];
    const forward = settings?.forward;
    const forwarded: CallStep[] = forward
      ? [{ afterMs: forward.afterS * 1000, how: "besides", targets: this.#targets(forward.to, how) }]
      : [];
    const cameraId = settings?.camera ?? device?.id;
    const all = [...steps, ...forwarded].sort((a, b) => a.afterMs - b.afterMs);
    const lastMs = all.at(-1)?.afterMs ?? 0;
    return {
      to: groups?.flat() ?? [],
      steps: device && this.#options.isBellQuiet(device) ? all.map(hushed) : all,
      ringMs: Math.max((settings?.ringS ?? this.#options.ringS()) * 1000, lastMs > 0 ? lastMs + groupMs : 0),
      ...(cameraId !== undefined && { cameraId }),
      lock: device !== undefined && lockOf(device) !== undefined,
    };
  }

  /** Who is rung by somebody who calls. */
  call({ from, to }: CallWish, ringers: readonly Ringer[]): CallPlan {
    const targets = this.#targets(to, { from, ringers });
    const steps: CallStep[] = [{ afterMs: 0, how: "instead", targets }];
    return { to, steps, ringMs: this.#options.ringS() * 1000, lock: false };
  }

  /** Whether somebody who can be rung only now is meant by a call that rings; undefined if not. */
  late(call: CallInfo, ringer: Ringer): CallTarget | undefined {
    if (ringer.party === call.from.party) return undefined;
    const known = call.rung.some(
      ({ party, state }) => party === ringer.party || (state !== "passed" && isOrIsOf(ringer.party, party)),
    );
    const meant = known || (call.to.length === 0 && ringer.mayAnswer(call));
    const bell = call.from.deviceId === undefined ? undefined : this.#options.device(call.from.deviceId);
    if (!meant || (bell && this.#options.isBellQuiet(bell))) return undefined;
    return this.#target(ringer);
  }

  /** Whether somebody is not to be rung now by a call: they do not want it, or its bell rings nobody. */
  isQuietNow({ from }: CallInfo, party: CallParty): boolean {
    const bell = from.deviceId === undefined ? undefined : this.#options.device(from.deviceId);
    return (bell !== undefined && this.#options.isBellQuiet(bell)) || this.#options.isQuiet(party);
  }

  /** Whether somebody does not want to be rung now. */
  isQuiet(party: CallParty): boolean {
    return this.#options.isQuiet(party);
  }

  /** Whether a call of a device ends when its door is opened. */
  endsWhenOpened(deviceId: string): boolean {
    return this.#options.device(deviceId)?.settings.bell?.openedEnds !== false;
  }

  #everybody(
    device: HubDevice | undefined,
    how: { readonly from: CallInfo["from"]; readonly ringers: readonly Ringer[] },
  ): readonly CallTarget[] {
    const draft = draftOf(how.from);
    const who = how.ringers.filter((ringer) => ringer.mayAnswer(draft)).map((ringer) => this.#target(ringer));
    return unique([...who, ...this.#stationsOf(device)].filter(({ party }) => party !== how.from.party));
  }

  /** The room stations and panels where the device is. */
  #stationsOf(device: HubDevice | undefined): readonly CallTarget[] {
    if (device?.area === undefined) return [];
    const stations = membersOf([`area:${device.area}`], this.#options.house());
    return stations.flatMap((id) => {
      const station = this.#options.device(id);
      return station && stationKinds.has(station.info().kind) ? [this.#target(deviceParty(station))] : [];
    });
  }

  #targets(
    to: readonly Target[],
    { from, ringers }: { readonly from: CallParty; readonly ringers: readonly Ringer[] },
  ): readonly CallTarget[] {
    const targets = to.flatMap((one) => this.#meant(one, ringers)).map((party) => this.#target(party));
    return unique(targets.filter(({ party }) => party !== from.party));
  }

  /** With a person those are meant for whom their program asks. */
  #meant(to: Target, ringers: readonly Ringer[]): readonly CallParty[] {
    const { person, device, house } = this.#options;
    if (to.startsWith("person:")) {
      const found = person(to.slice("person:".length));
      if (!found) return [];
      const own: CallParty = { party: `person:${found.id}`, name: found.name };
      const theirs = ringers.filter(({ party }) => party !== own.party && isOrIsOf(party, own.party));
      return [own, ...theirs];
    }
    if (to.startsWith("client:") && isPartyId(to)) return [{ party: to, name: to.slice("client:".length) }];
    return membersOf([to as ChannelId], house()).flatMap((id) => {
      const found = device(id);
      return found ? [deviceParty(found)] : [];
    });
  }

  #target({ party, name, deviceId }: CallParty): CallTarget {
    const target = { party, name, ...(deviceId !== undefined && { deviceId }) };
    return this.#options.isQuiet(target) ? { ...target, hindered: "quiet" } : target;
  }
}

/** The same, for hours in which the bell rings nobody. */
function hushed(step: CallStep): CallStep {
  return { ...step, targets: step.targets.map((target) => ({ ...target, hindered: "quiet" })) };
}

function deviceParty({ id, name }: HubDevice): CallParty {
  return { party: `device:${id}`, name, deviceId: id };
}

/** What a call will look like: enough to be asked who may answer it. */
function draftOf(from: CallInfo["from"]): CallInfo {
  return { id: "", from, to: [], state: "ringing", rung: [], participants: [], lock: false, startedMs: 0 };
}

function unique(targets: readonly CallTarget[]): readonly CallTarget[] {
  const seen = new Map<PartyId, CallTarget>();
  for (const target of targets) if (!seen.has(target.party)) seen.set(target.party, target);
  return [...seen.values()];
}
