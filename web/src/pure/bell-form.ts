import { type VisitorText, visitorTexts } from "../../../src/hub/visitor-words.ts";
import type { BellSettings, QuietHours } from "../api.ts";
import { t } from "../language/t.ts";

/** Whom a bell rings: all who may talk to it, some at once, or groups one after another. */
export type RingWay = "everybody" | "together" | "in-turn";

/** What a visitor is told at one moment: what the house says, words of this bell's own, or nothing. */
export interface VisitorWords {
  readonly how: "house" | "own" | "silent";
  readonly words: string;
}

/** One of several bells of a device. */
export interface NamedBell {
  /** What the device calls it. */
  readonly key: string;
  readonly name: string;
  /** Whom it rings; undefined: as the device's bell. */
  readonly rings: readonly string[] | undefined;
}

/** A bell as its form shows it; numbers as they are typed, empty for the usual one. */
export interface BellDraft {
  /** Empty for the device's own picture. */
  readonly camera: string;
  readonly way: RingWay;
  readonly groups: readonly (readonly string[])[];
  readonly groupS: string;
  readonly ringS: string;
  readonly forwards: boolean;
  readonly forwardTo: readonly string[];
  readonly forwardAfterS: string;
  readonly quiet: QuietHours;
  readonly openedEnds: boolean;
  readonly texts: Readonly<Record<VisitorText, VisitorWords>>;
  readonly names: readonly NamedBell[];
}

const usualForwardS = "30";

/** What the form shows of a bell; of one that has no settings yet, what holds without. */
export function draftOfBell(bell: BellSettings = {}): BellDraft {
  const groups = bell.groups ?? (bell.rings ? [bell.rings] : []);
  return {
    camera: bell.camera ?? "",
    way: bell.groups ? "in-turn" : bell.rings ? "together" : "everybody",
    groups: groups.length > 0 ? groups : [[]],
    groupS: numberText(bell.groupS),
    ringS: numberText(bell.ringS),
    forwards: bell.forward !== undefined,
    forwardTo: bell.forward?.to ?? [],
    forwardAfterS: numberText(bell.forward?.afterS) || usualForwardS,
    quiet: bell.quiet ?? [],
    openedEnds: bell.openedEnds !== false,
    texts: wordsOf(bell.texts ?? {}),
    names: Object.entries(bell.names ?? {}).map(([key, { name, rings }]) => ({ key, name, rings })),
  };
}

/**
 * The bell to send; undefined when nothing was changed. What the form does not show, and what somebody else changed
 * meanwhile, stays as it is `now`.
 */
export function changedBell(
  draft: BellDraft,
  bell: { readonly before: BellSettings | undefined; readonly now: BellSettings | undefined },
): BellSettings | undefined {
  const { before = {}, now = {} } = bell;
  const next = bellOf(draft, before);
  const keys = [...new Set([...Object.keys(before), ...Object.keys(next)])] as (keyof BellSettings)[];
  const changed = keys.filter((key) => !isSame(next[key], before[key]));
  if (changed.length === 0) return undefined;
  const kept = Object.entries(now).filter(([key]) => !changed.includes(key as keyof BellSettings));
  const set = changed.flatMap((key) => (next[key] === undefined ? [] : [[key, next[key]] as const]));
  return Object.fromEntries([...kept, ...set]) as BellSettings;
}

/** What cannot be saved as it is, by field: the same names as the hub's own errors have, without `bell.`. */
export function bellFaults(draft: BellDraft): ReadonlyMap<string, string> {
  const faults: [string, string][] = [];
  if (draft.way === "together" && (draft.groups[0] ?? []).length === 0)
    faults.push(["rings", t("Choose whom it rings, or let it ring everybody.")]);
  if (draft.way === "in-turn") {
    for (const [index, group] of draft.groups.entries())
      if (group.length === 0)
        faults.push([`groups.${index}`, t("Choose whom it rings at this step, or remove the step.")]);
  }
  if (draft.forwards && draft.forwardTo.length === 0) faults.push(["forward.to", t("Choose who is rung as well.")]);
  const keys = draft.names.map(({ key }) => key.trim());
  for (const [index, { key, name }] of draft.names.entries()) {
    if (key.trim() === "" || name.trim() === "") faults.push([`names.${index}`, t("Give it a number and a name.")]);
    else if (keys.indexOf(key.trim()) < index)
      faults.push([`names.${index}`, t("There is one with this number already.")]);
  }
  for (const text of visitorTexts) {
    const { how, words } = draft.texts[text];
    if (how === "own" && words.trim() === "")
      faults.push([`texts.${text}`, t("Write what is said, or choose silence.")]);
  }
  return new Map(faults);
}

/** The whole bell that a draft says; keys that the form does not show are those of `before`. */
function bellOf(draft: BellDraft, before: BellSettings): { readonly [Key in keyof BellSettings]: BellSettings[Key] } {
  const forward = { afterS: Number(draft.forwardAfterS || usualForwardS), to: draft.forwardTo };
  return {
    ...before,
    camera: draft.camera || undefined,
    // A file may have both, of which the groups count.
    rings: draft.way === "together" ? draft.groups[0] : draft.way === "in-turn" ? before.rings : undefined,
    groups: draft.way === "in-turn" ? draft.groups : undefined,
    groupS: numberOf(draft.groupS),
    ringS: numberOf(draft.ringS),
    forward: draft.forwards ? forward : undefined,
    quiet: draft.quiet.length > 0 || before.quiet?.length === 0 ? draft.quiet : undefined,
    openedEnds: draft.openedEnds === (before.openedEnds !== false) ? before.openedEnds : draft.openedEnds,
    texts: textsOf(draft, before),
    names: namesOf(draft, before),
  } as BellSettings;
}

function textsOf({ texts }: BellDraft, before: BellSettings): BellSettings["texts"] {
  const unknown = Object.entries(before.texts ?? {}).filter(([text]) => !visitorTexts.some((known) => known === text));
  const known = visitorTexts.flatMap((text) => {
    const { how, words } = texts[text];
    const old = before.texts?.[text];
    if (how === "house") return [];
    return [[text, how === "silent" ? (old?.trim() === "" ? old : "") : words] as const];
  });
  const all = [...unknown, ...known];
  return all.length > 0 || before.texts ? Object.fromEntries(all) : undefined;
}

function namesOf({ names }: BellDraft, before: BellSettings): BellSettings["names"] {
  const entries = names.map(({ key, name, rings }) => [key.trim(), { name: name.trim(), ...(rings && { rings }) }]);
  return entries.length > 0 || before.names ? Object.fromEntries(entries) : undefined;
}

function wordsOf(texts: Readonly<Record<string, string>>): BellDraft["texts"] {
  const of = (text: VisitorText): VisitorWords => {
    const words = texts[text];
    return { how: words === undefined ? "house" : words.trim() === "" ? "silent" : "own", words: words ?? "" };
  };
  return Object.fromEntries(visitorTexts.map((text) => [text, of(text)])) as Record<VisitorText, VisitorWords>;
}

function numberText(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}

function numberOf(text: string): number | undefined {
  return text.trim() === "" ? undefined : Number(text);
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/** Objects with their keys in order: the order in which they were written says nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}
