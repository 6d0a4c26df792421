import type { Hearing } from "../../../src/hub/api.ts";
import type { DeviceInfo } from "../../../src/hub/state.ts";
import type { Right } from "../../../src/identity/policy.ts";
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
      return "Browsers give the microphone only to encrypted pages. Open the hub's secure address.";
    case "none":
      return "Plug one in, or switch it on in the system's sound settings, then try again.";
    case "busy":
      return "Another program uses it. Close that one, then try again.";
    case "lost":
      return "It was unplugged, or the browser took it away. Nothing is sent any more; hold again to use it anew.";
    case "blocked":
      if (/Firefox\//.test(userAgent))
        return "Click the crossed-out microphone beside the address, remove the block, then try again.";
      if (/iPhone|iPad/.test(userAgent))
        return "Tap “aA” beside the address, then Website Settings, Microphone, Allow.";
      if (/Safari\//.test(userAgent) && !/Chrome\//.test(userAgent))
        return "Open Safari, Settings for this Website, Microphone, Allow.";
      if (/Android/.test(userAgent)) return "Tap the sign beside the address, then Permissions, Microphone, Allow.";
      return "Click the sign beside the address, allow the microphone, then try again.";
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
        text: "Hold to talk",
        detail: `${sayHeard(talk.hearing, target?.devices ?? [])} (${timer(talk.forMs)})`,
      };
    case "asking":
      return { tone: "asking", text: "One moment", detail: "Asking for the speaker" };
    case "microphone-asked":
      return {
        tone: "asking",
        text: "Allow the microphone",
        detail: "Your browser is asking; only what you say while you hold is sent.",
      };
    case "microphone-ready":
      return { tone: "quiet", text: "Hold to talk", detail: "The microphone is ready." };
    case "queued":
      return {
        tone: "held",
        text: talk.holder ? `${talk.holder.name} is speaking` : "In line",
        detail:
          (talk.position ?? 1) > 1 ? `Keep holding: you are number ${talk.position}.` : "Keep holding: you are next.",
      };
    case "refused":
      return refused(talk.reason, talk.holder);
    case "pre-empted":
      return {
        tone: "held",
        text: talk.holder ? `${talk.holder.name} took over` : "Somebody took over",
        detail: "What they say is more urgent. Hold again to wait for your turn.",
      };
    case "failed":
      return { tone: "refused", text: "That broke off", detail: failure(talk.reason) };
    case "no-microphone":
      return {
        tone: "refused",
        text:
          talk.trouble === "none"
            ? "No microphone found"
            : talk.trouble === "busy"
              ? "The microphone is in use"
              : talk.trouble === "lost"
                ? "The microphone is gone"
                : "The microphone is blocked",
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
    return { ...said, text: "You are speaking", detail: "On another page or device of yours." };
  if (how.tapped && said.text === "Hold to talk")
    return { ...said, detail: "Keep it pressed for as long as you speak." };
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
    text: leftMs !== undefined ? `Ends in ${howLong(leftMs)}` : urgent ? "Emergency: speak now" : "Speak now",
    detail: hears,
  };
}

/** Who had heard what was said: "Kitchen heard you", "Heard by 7 of 8: Yard is offline", "Nobody heard it: ...". */
export function sayHeard(hearing: readonly Hearing[], devices: readonly Pick<TalkDevice, "id" | "name">[]): string {
  const nameOf = (id: string) => devices.find((device) => device.id === id)?.name ?? id;
  const heard = hearing.filter(({ state }) => state === "playing");
  const missing = hearing.filter(({ state }) => state !== "playing");
  const [only] = heard;
  const [first] = missing;
  const why =
    first && `${nameOf(first.deviceId)} ${first.state === "connecting" ? "was not ready" : whyUnheard(first)}`;
  const more = missing.length > 1 ? ` (and ${missing.length - 1} more)` : "";
  if (!only) return why === undefined ? "It was said" : `Nobody heard it: ${why}${more}`;
  if (why !== undefined) return `Heard by ${heard.length} of ${hearing.length}: ${why}${more}`;
  return heard.length === 1 ? `${nameOf(only.deviceId)} heard you` : `All ${heard.length} heard you`;
}

/** Who hears the talker now: "Front door hears you", "Heard by 7 of 8: Yard is offline". */
export function sayHearing(hearing: readonly Hearing[], target: TalkTarget | undefined): string {
  const nameOf = (id: string) => target?.devices.find((device) => device.id === id)?.name ?? id;
  const [first] = hearing;
  if (!first) return target ? `${target.name} hears you` : "You are heard";
  const heard = hearing.filter(({ state }) => state === "playing");
  if (hearing.length === 1) {
    const mute = first.code === "listens-only" ? ", and listens only" : "";
    return heard.length === 1
      ? `${nameOf(first.deviceId)} hears you${mute}`
      : `Connecting to ${nameOf(first.deviceId)}`;
  }
  if (heard.length === hearing.length) return `All ${hearing.length} hear you`;
  const count = `Heard by ${heard.length} of ${hearing.length}`;
  const [missing, ...others] = hearing.filter(({ state }) => state === "failed" || state === "quiet");
  if (!missing) return `${count}, connecting`;
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  return `${count}: ${nameOf(missing.deviceId)} ${whyUnheard(missing)}${more}`;
}

function whyUnheard({ code, reason }: Hearing): string {
  switch (code) {
    case "offline":
      return "is offline";
    case "no-speaker":
      return "has no speaker";
    case "do-not-disturb":
      return "is not to be disturbed";
    case "muted":
      return "is muted";
    case "untouched":
      return "cannot play yet: its screen has to be touched once";
    case "taken":
      return `is taken: ${reason ?? "somebody else speaks there"}`;
    default:
      return "cannot be spoken through";
  }
}

function ready(target: TalkTarget | undefined, keys: boolean): TalkSaid {
  if (!target) return { tone: "quiet", text: "Hold to talk", detail: "Choose somebody to speak to first." };
  const [device] = target.devices;
  if (target.devices.length === 1 && device) return readyFor(device, keys);
  const { name, devices } = target;
  const holder = devices.find(({ speaker }) => speaker?.holder)?.speaker?.holder;
  if (holder) return { tone: "held", text: `${holder.name} is speaking`, detail: "Hold to wait for your turn." };
  const detail = `${name}, ${devices.length} devices${keys ? " – or hold the space bar" : ""}`;
  return {
    tone: "quiet",
    text: "Hold to talk",
    detail: name.endsWith("devices") ? detail.replace(/^[^,]*, /, "") : detail,
  };
}

function readyFor(device: TalkDevice, keys: boolean): TalkSaid {
  const { speaker, state, rights } = device;
  if (rights && !rights.includes("talk"))
    return { tone: "quiet", text: "Not yours to speak through", detail: `You may not talk through ${device.name}.` };
  if (!speaker) {
    if (state.phase === "trouble" || state.phase === "disabled" || state.phase === "wrong-password") {
      return { tone: "quiet", text: "Not connected", detail: `${device.name} cannot be spoken through at the moment.` };
    }
    return { tone: "quiet", text: "No speaker", detail: `${device.name} has no speaker.` };
  }
  if (speaker.holder)
    return { tone: "held", text: `${speaker.holder.name} is speaking`, detail: "Hold to wait for your turn." };
  if (speaker.doNotDisturb)
    return { tone: "quiet", text: "Do not disturb", detail: `${device.name} takes no calls at the moment.` };
  if (state.phase === "away") return { tone: "quiet", text: "Away", detail: `${device.name} is not there to hear it.` };
  if (speaker.muted)
    return { tone: "quiet", text: "Muted", detail: `${device.name} plays nothing but emergencies at the moment.` };
  return { tone: "quiet", text: "Hold to talk", detail: keys ? `${device.name} – or hold the space bar` : device.name };
}

function refused(reason: string, holder: Holder | undefined): TalkSaid {
  switch (reason) {
    case "held":
    case "queue-full":
      return {
        tone: "held",
        text: holder ? `${holder.name} is speaking` : "Somebody is speaking",
        detail: "Wait until they have finished.",
      };
    case "do-not-disturb":
      return {
        tone: "refused",
        text: "Do not disturb",
        detail: "It takes no calls at the moment; only an emergency gets through.",
      };
    case "forbidden":
      return { tone: "refused", text: "Not allowed", detail: "An administrator can give you the right to talk here." };
    case "no-speaker":
      return { tone: "refused", text: "No speaker", detail: "This device cannot play sound." };
    case "nobody":
      return { tone: "refused", text: "Nobody there", detail: "No device there can be spoken through at the moment." };
    case "offline":
      return { tone: "refused", text: "Not connected", detail: "The device cannot be reached at the moment." };
    default:
      return { tone: "refused", text: "Not now", detail: failure(reason) };
  }
}

function failure(reason: string): string {
  if (reason === "silent") return "Nothing was heard from your microphone. Is it muted?";
  if (reason === "disconnected") return "The line to the hub broke. Hold again in a moment.";
  const text = reason.trim() || "Hold again to try once more";
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
