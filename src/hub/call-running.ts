import type { CallChange, CallInfo, CallParty, PartyId, Rung } from "./call-info.ts";
import type { CallEffect, CallRequest, CallStep, CallTarget } from "./call-steps.ts";

/** A call that is not over. */
export interface Running {
  request: CallRequest;
  info: CallInfo;
  readonly startUs: number;
  /** Moved forward when a step is over before its time. */
  shiftUs: number;
  nextStep: number;
}

/** What tells one bell from all others. */
export function bellOf({ party, bell }: CallInfo["from"]): string {
  return bell === undefined ? party : `${party}/${bell}`;
}

/** True for somebody who takes part in a call now. */
export function takesPart({ participants }: CallInfo, party: PartyId): boolean {
  return participants.some((one) => one.party === party);
}

/** A party by its id, as it takes part. */
export function partyIn({ participants }: CallInfo, party: PartyId): CallParty {
  return participants.find((one) => one.party === party) ?? { party, name: party };
}

/** A party without what it was beside. */
export function partyOf({ party, name, deviceId }: CallParty): CallParty {
  return { party, name, ...(deviceId !== undefined && { deviceId }) };
}

/** How it stands with somebody who is rung. */
export function rungOf({ rung }: CallInfo, party: PartyId): Rung | undefined {
  return rung.find((one) => one.party === party);
}

/** True for who rings, or was told to. */
export function rings({ state }: Rung): boolean {
  return state === "told" || state === "ringing";
}

/** True while anybody rings. */
export function someRing({ rung }: CallInfo): boolean {
  return rung.some(rings);
}

/** Notes how it stands with somebody who is rung. */
export function mark(running: Running, party: PartyId, state: Rung["state"]): void {
  const rung = running.info.rung.map((one) => (one.party === party ? { ...one, state } : one));
  running.info = { ...running.info, rung };
}

/** Tells everybody. */
export function changed(call: CallInfo, change: CallChange, by?: CallParty, reason?: string): CallEffect {
  return { type: "changed", call, change, ...(by && { by }), ...(reason !== undefined && { reason }) };
}

/** Why nobody who is called rings. */
export function hindranceOf({ rung }: CallInfo): "busy" | "unreachable" {
  return rung.some(({ state }) => state === "busy") ? "busy" : "unreachable";
}

/** When it has rung long enough. */
export function endsUs({ startUs, request }: Running): number {
  return startUs + request.ringMs * 1000;
}

/** When the next group is due; undefined when there is none. */
export function stepUs({ startUs, shiftUs, nextStep, request }: Running): number | undefined {
  const step = request.steps[nextStep];
  return step && startUs + step.afterMs * 1000 - shiftUs;
}

/** Who was to ring by now, were it not quiet there: of the steps that count, or who came meanwhile. All, while nobody rings. */
export function hushedNow({ info, request, nextStep }: Running): readonly Rung[] {
  const hushed = info.rung.filter(({ state }) => state === "quiet");
  if (!someRing(info)) return hushed;
  const past = request.steps.slice(0, nextStep);
  const from = past.findLastIndex(({ how }) => how === "instead");
  const isIn = (steps: readonly CallStep[], party: PartyId) =>
    steps.some(({ targets }) => targets.some((target) => target.party === party));
  return hushed.filter(({ party }) => isIn(past.slice(from), party) || !isIn(request.steps, party));
}

/** The same, by who does not want to be rung now. */
export function reviewed(request: CallRequest, isQuiet: (party: CallParty) => boolean): CallRequest {
  const target = (one: CallTarget): CallTarget => {
    if (one.hindered === "busy") return one;
    const { hindered: _, ...party } = one;
    return isQuiet(one) ? { ...party, hindered: "quiet" } : party;
  };
  return { ...request, steps: request.steps.map((step) => ({ ...step, targets: step.targets.map(target) })) };
}

/** Keeps the newest of a map. */
export function remember<Key, Value>(
  map: Map<Key, Value>,
  { key, value, most }: { readonly key: Key | undefined; readonly value: Value; readonly most: number },
): void {
  if (key === undefined) return;
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
