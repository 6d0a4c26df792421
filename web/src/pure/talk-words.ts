import type { Hearing } from "../../../src/hub/api.ts";
import type { DeviceInfo } from "../../../src/hub/state.ts";
import type { Right } from "../../../src/identity/policy.ts";
import { wholeSentence } from "../../../src/util/sentence.ts";
import { t, tn } from "../language/t.ts";
import { howLong, timer } from "./words.ts";

/** Somebody who speaks at the moment. */
export interface Holder {
  readonly name: string;
  readonly sinceMs: number;
}

/** Why a browser gives no microphone; `lost`: it was taken away in the middle. */
export type MicrophoneTrouble = "insecure" | "blocked" | "none" | "busy" | "lost";

/** Where a person's wish to talk stands. */
export type TalkPhase =
  | { readonly phase: "ready" }
  /** The browser shows its question. */
  | { readonly phase: "microphone-asked" }
  /** The microphone was allowed after the button had been let go. */
  | { readonly phase: "microphone-ready" }
  | { readonly phase: "asking" }
  | {
      readonly phase: "granted";
      readonly sinceMs: number;
      readonly hearing: readonly Hearing[];
      readonly priority?: 0 | 1 | 2;
      /** When the hub ends it, once that is near. */
      readonly endsAtMs?: number;
    }
  /** It was said; `hearing` tells who heard it. */
  | { readonly phase: "said"; readonly forMs: number; readonly hearing: readonly Hearing[] }
  | { readonly phase: "queued"; readonly holder?: Holder; readonly position?: number }
  | { readonly phase: "refused"; readonly reason: string; readonly holder?: Holder }
  | { readonly phase: "pre-empted"; readonly holder?: Holder }
  | { readonly phase: "failed"; readonly reason: string }
  | { readonly phase: "no-microphone"; readonly trouble: MicrophoneTrouble };

/** What stands on the talk bar. */
export interface TalkSaid {
  readonly tone: "quiet" | "asking" | "speaking" | "emergency" | "held" | "refused";
  readonly text: string;
  readonly detail: string;
}

/** What to do about a microphone, for the browser at hand. */
export function microphoneHelp(trouble: MicrophoneTrouble, userAgent: string): string {
  switch (trouble) {
    case "insecure":
      return t("Browsers give the microphone only to encrypted pages. Open the hub's secure address.");
    case "none":
      return t("Plug one in, or switch it on in the system's sound settings, then try again.");
    case "busy":
      return t("Another program uses it. Close that one, then try again.");
    case "lost":
      return t("It was unplugged, or the browser took it away. Nothing is sent any more; hold again to use it anew.");
    case "blocked":
      if (/Firefox\//.test(userAgent))
        return t("Click the crossed-out microphone beside the address, remove the block, then try again.");
      if (/iPhone|iPad/.test(userAgent))
        return t("Tap “aA” beside the address, then Website Settings, Microphone, Allow.");
      if (/Safari\//.test(userAgent) && !/Chrome\//.test(userAgent))
        return t("Open Safari, Settings for this Website, Microphone, Allow.");
      if (/Android/.test(userAgent)) return t("Tap the sign beside the address, then Permissions, Microphone, Allow.");
      return t("Click the sign beside the address, allow the microphone, then try again.");
  }
}

/** What of a device the talk bar speaks about. */
export type TalkDevice = Pick<DeviceInfo, "id" | "name" | "state" | "speaker"> & { readonly rights?: readonly Right[] };

/** Whom one would talk to. */
export interface TalkTarget {
  readonly name: string;
  readonly devices: readonly TalkDevice[];
}

/** The words of the talk bar. */
export function sayTalk(
  talk: TalkPhase,
  target: TalkTarget | undefined,
  options: {
    readonly userAgent: string;
    readonly keys: boolean;
    readonly nowMs?: number;
    /** The bar was only tapped a moment ago. */
    readonly tapped?: boolean;
    /** What this person is called: who speaks elsewhere under that name is they themselves. */
    readonly own?: string | undefined;
  },
): TalkSaid {
  switch (talk.phase) {
    case "granted":
      return granted(talk, { target, nowMs: options.nowMs ?? talk.sinceMs });
    case "said":
      return {
        tone: "quiet",
        text: t("Hold to talk"),
        detail: `${sayHeard(talk.hearing, target?.devices ?? [])} (${timer(talk.forMs)})`,
      };
    case "asking":
      return { tone: "asking", text: t("One moment"), detail: t("Asking for the speaker") };
    case "microphone-asked":
      return {
        tone: "asking",
        text: t("Allow the microphone"),
        detail: t("Your browser is asking; only what you say while you hold is sent."),
      };
    case "microphone-ready":
      return { tone: "quiet", text: t("Hold to talk"), detail: t("The microphone is ready.") };
    case "queued":
      return {
        tone: "held",
        text: talk.holder ? t("{name} is speaking", { name: talk.holder.name }) : t("In line"),
        detail:
          (talk.position ?? 1) > 1
            ? t("Keep holding: you are number {position}.", { position: talk.position ?? 1 })
            : t("Keep holding: you are next."),
      };
    case "refused":
      return refused(talk.reason, talk.holder);
    case "pre-empted":
      return {
        tone: "held",
        text: talk.holder ? t("{name} took over", { name: talk.holder.name }) : t("Somebody took over"),
        detail: t("What they say is more urgent. Hold again to wait for your turn."),
      };
    case "failed":
      return { tone: "refused", text: t("That broke off"), detail: failure(talk.reason) };
    case "no-microphone":
      return {
        tone: "refused",
        text:
          talk.trouble === "none"
            ? t("No microphone found")
            : talk.trouble === "busy"
              ? t("The microphone is in use")
              : talk.trouble === "lost"
                ? t("The microphone is gone")
                : t("The microphone is blocked"),
        detail: microphoneHelp(talk.trouble, options.userAgent),
      };
    case "ready":
      return resting(ready(target, options.keys), { ...options, target });
  }
}

/** What the bar says at rest, to somebody who has only tapped it, or who speaks on another page. */
function resting(
  said: TalkSaid,
  how: { readonly tapped?: boolean; readonly own?: string | undefined; readonly target: TalkTarget | undefined },
): TalkSaid {
  const holder = how.target?.devices.find(({ speaker }) => speaker?.holder)?.speaker?.holder;
  if (said.tone === "held" && holder && holder.name === how.own)
    return { ...said, text: t("You are speaking"), detail: t("On another page or device of yours.") };
  if (how.tapped && said.text === t("Hold to talk"))
    return { ...said, detail: t("Keep it pressed for as long as you speak.") };
  return said;
}

function granted(
  talk: Extract<TalkPhase, { phase: "granted" }>,
  { target, nowMs }: { readonly target: TalkTarget | undefined; readonly nowMs: number },
): TalkSaid {
  const hears = sayHearing(talk.hearing, target);
  const urgent = talk.priority === 2;
  const leftMs = talk.endsAtMs === undefined ? undefined : talk.endsAtMs - nowMs;
  return {
    tone: urgent ? "emergency" : "speaking",
    text:
      leftMs !== undefined
        ? t("Ends in {time}", { time: howLong(leftMs) })
        : urgent
          ? t("Emergency: speak now")
          : t("Speak now"),
    detail: hears,
  };
}

/** Who had heard what was said: "Kitchen heard you", "Heard by 7 of 8: Yard is offline", "Nobody heard it: ...". */
export function sayHeard(hearing: readonly Hearing[], devices: readonly Pick<TalkDevice, "id" | "name">[]): string {
  const nameOf = (id: string) => devices.find((device) => device.id === id)?.name ?? id;
  const heard = hearing.filter(({ state }) => state === "playing");
  const missing = hearing.filter(({ state }) => state !== "playing");
  const [only] = heard;
  const why = whyMissing(missing, nameOf);
  if (!only) return why === undefined ? t("It was said") : t("Nobody heard it: {why}", { why });
  if (why !== undefined)
    return t("Heard by {heard} of {all}: {why}", { heard: heard.length, all: hearing.length, why });
  return heard.length === 1
    ? t("{name} heard you", { name: nameOf(only.deviceId) })
    : t("All {count} heard you", { count: heard.length });
}

/** Why the first did not hear it, and how many more there are. */
function whyMissing(missing: readonly Hearing[], nameOf: (id: string) => string): string | undefined {
  const [first, ...others] = missing;
  if (!first) return undefined;
  const name = nameOf(first.deviceId);
  const why = first.state === "connecting" ? t("{name} was not ready", { name }) : whyUnheard(first, name);
  return others.length > 0 ? t("{why} (and {count} more)", { why, count: others.length }) : why;
}

/** Who hears the talker now: "Front door hears you", "Heard by 7 of 8: Yard is offline". */
export function sayHearing(hearing: readonly Hearing[], target: TalkTarget | undefined): string {
  const nameOf = (id: string) => target?.devices.find((device) => device.id === id)?.name ?? id;
  const [first] = hearing;
  if (!first) return target ? t("{name} hears you", { name: target.name }) : t("You are heard");
  const heard = hearing.filter(({ state }) => state === "playing");
  if (hearing.length === 1) {
    const name = nameOf(first.deviceId);
    if (heard.length === 0) return t("Connecting to {name}", { name });
    return first.code === "listens-only"
      ? t("{name} hears you, and listens only", { name })
      : t("{name} hears you", { name });
  }
  if (heard.length === hearing.length) return t("All {count} hear you", { count: hearing.length });
  const counts = { heard: heard.length, all: hearing.length };
  const missing = hearing.filter(({ state }) => state === "failed" || state === "quiet");
  const why = whyMissing(missing, nameOf);
  return why === undefined
    ? t("Heard by {heard} of {all}, connecting", counts)
    : t("Heard by {heard} of {all}: {why}", { ...counts, why });
}

function whyUnheard({ code, reason }: Hearing, name: string): string {
  switch (code) {
    case "offline":
      return t("{name} is offline", { name });
    case "no-speaker":
      return t("{name} has no speaker", { name });
    case "do-not-disturb":
      return t("{name} is not to be disturbed", { name });
    case "muted":
      return t("{name} is muted", { name });
    case "untouched":
      return t("{name} cannot play yet: its screen has to be touched once", { name });
    case "taken":
      return t("{name} is taken: {reason}", { name, reason: reason ?? t("somebody else speaks there") });
    default:
      return t("{name} cannot be spoken through", { name });
  }
}

function ready(target: TalkTarget | undefined, keys: boolean): TalkSaid {
  if (!target) return { tone: "quiet", text: t("Hold to talk"), detail: t("Choose somebody to speak to first.") };
  const [device] = target.devices;
  if (target.devices.length === 1 && device) return readyFor(device, keys);
  const { name, devices } = target;
  const holder = devices.find(({ speaker }) => speaker?.holder)?.speaker?.holder;
  if (holder)
    return {
      tone: "held",
      text: t("{name} is speaking", { name: holder.name }),
      detail: t("Hold to wait for your turn."),
    };
  const count = tn(devices.length, "{count} device", "{count} devices");
  const whom = name === count ? count : `${name}, ${count}`;
  return { tone: "quiet", text: t("Hold to talk"), detail: withKeys(whom, keys) };
}

function withKeys(whom: string, keys: boolean): string {
  return keys ? t("{whom} – or hold the space bar", { whom }) : whom;
}

function readyFor(device: TalkDevice, keys: boolean): TalkSaid {
  const { speaker, state, rights } = device;
  if (rights && !rights.includes("talk"))
    return {
      tone: "quiet",
      text: t("Not yours to speak through"),
      detail: t("You may not talk through {name}.", { name: device.name }),
    };
  if (!speaker) {
    if (state.phase === "trouble" || state.phase === "disabled" || state.phase === "wrong-password") {
      return {
        tone: "quiet",
        text: t("Not connected"),
        detail: t("{name} cannot be spoken through at the moment.", { name: device.name }),
      };
    }
    return { tone: "quiet", text: t("No speaker"), detail: t("{name} has no speaker.", { name: device.name }) };
  }
  if (speaker.holder)
    return {
      tone: "held",
      text: t("{name} is speaking", { name: speaker.holder.name }),
      detail: t("Hold to wait for your turn."),
    };
  if (speaker.doNotDisturb)
    return {
      tone: "quiet",
      text: t("Do not disturb"),
      detail: t("{name} takes no calls at the moment.", { name: device.name }),
    };
  if (state.phase === "away")
    return { tone: "quiet", text: t("Away"), detail: t("{name} is not there to hear it.", { name: device.name }) };
  if (speaker.muted)
    return {
      tone: "quiet",
      text: t("Muted"),
      detail: t("{name} plays nothing but emergencies at the moment.", { name: device.name }),
    };
  return {
    tone: "quiet",
    text: t("Hold to talk"),
    detail: withKeys(device.name, keys),
  };
}

function refused(reason: string, holder: Holder | undefined): TalkSaid {
  switch (reason) {
    case "held":
    case "queue-full":
      return {
        tone: "held",
        text: holder ? t("{name} is speaking", { name: holder.name }) : t("Somebody is speaking"),
        detail: t("Wait until they have finished."),
      };
    case "do-not-disturb":
      return {
        tone: "refused",
        text: t("Do not disturb"),
        detail: t("It takes no calls at the moment; only an emergency gets through."),
      };
    case "forbidden":
      return {
        tone: "refused",
        text: t("Not allowed"),
        detail: t("An administrator can give you the right to talk here."),
      };
    case "no-speaker":
      return { tone: "refused", text: t("No speaker"), detail: t("This device cannot play sound.") };
    case "nobody":
      return {
        tone: "refused",
        text: t("Nobody there"),
        detail: t("No device there can be spoken through at the moment."),
      };
    case "offline":
      return { tone: "refused", text: t("Not connected"), detail: t("The device cannot be reached at the moment.") };
    default:
      return { tone: "refused", text: t("Not now"), detail: failure(reason) };
  }
}

function failure(reason: string): string {
  if (reason === "silent") return t("Nothing was heard from your microphone. Is it muted?");
  if (reason === "disconnected") return t("The line to the hub broke. Hold again in a moment.");
  return wholeSentence(reason.trim() || t("Hold again to try once more"));
}
