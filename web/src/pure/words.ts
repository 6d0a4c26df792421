import type { DeviceInfo, TrackInfo } from "../../../src/hub/state.ts";
import { wholeSentence } from "../../../src/util/sentence.ts";
import { sayTrouble } from "../language/hub-words.ts";
import { t } from "../language/t.ts";
import { codecName, type NotConverted, sayNotConverted } from "./picture-words.ts";

/** The four colours a state may have; the words never depend on them alone. */
export type Tone = "live" | "waiting" | "trouble" | "quiet";

/** What a person reads about a device: a few words, and a sentence that helps. */
export interface Said {
  readonly tone: Tone;
  readonly text: string;
  readonly detail?: string;
}

/** What the player in this browser sees, whatever the hub says. */
export type PlayerPhase =
  | { readonly phase: "off" }
  | { readonly phase: "paused" }
  | { readonly phase: "connecting" }
  /** Connected; no picture was decoded yet. */
  | { readonly phase: "waiting"; readonly sinceMs: number }
  | { readonly phase: "live" }
  /** There was a picture; it stands still since `sinceMs`. */
  | { readonly phase: "stale"; readonly sinceMs: number }
  | { readonly phase: "sound-only" }
  /** This browser cannot show the picture and the hub does not convert it: single pictures are shown. */
  | ({ readonly phase: "pictures" } & NotConverted)
  | { readonly phase: "forbidden" }
  | { readonly phase: "gone" }
  /** More is watched than the hub gives one person or all of them. */
  | { readonly phase: "busy"; readonly message: string }
  /** The session could not be had or broke; tried again by itself. */
  | { readonly phase: "lost"; readonly message?: string };

/** "5 s", "3 min", "2 h", "4 days". */
export function howLong(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return t("{count} min", { count: Math.floor(seconds / 60) });
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return t("{count} days", { count: Math.floor(seconds / 86_400) });
}

/** "0:07", "12:40", "1:02:03". */
export function timer(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** What the hub tells of a device, as far as words are made of it. */
export type Told = Pick<DeviceInfo, "state"> & Partial<Pick<DeviceInfo, "tracks" | "quirks">>;

/** What the hub knows of a device, in words. Times are this browser's wall clock. */
export function sayDevice(device: Told, nowMs: number): Said {
  const { state } = device;
  switch (state.phase) {
    case "live":
      return { tone: "live", text: t("Live") };
    case "idle":
      return { tone: "quiet", text: t("Ready"), detail: t("It connects as soon as somebody watches.") };
    case "away":
      return { tone: "quiet", text: t("Away"), detail: t("It shows as soon as the device calls the hub.") };
    case "connecting":
      // The last reason stays while it is only being tried again.
      if (state.error) return { tone: "trouble", text: troubleText(state.error), detail: troubleDetail(device, nowMs) };
      return { tone: "waiting", text: t("Connecting"), detail: t("The hub is reaching the camera.") };
    case "waiting-for-key-frame":
      return {
        tone: "waiting",
        text: t("Waiting for a key frame"),
        detail: t("The camera answers; its next whole picture is on the way."),
      };
    case "paused-by-talk":
      return {
        tone: "waiting",
        text: t("No picture while somebody speaks"),
        detail: t("This camera can't do both at once; its picture comes back afterwards."),
      };
    case "stale":
      return {
        tone: "trouble",
        text: t("No picture for {time}", { time: howLong(nowMs - (state.lastFrameMs ?? state.sinceMs)) }),
        detail: t("The camera is connected but sends nothing."),
      };
    case "wrong-password":
      return { tone: "trouble", text: t("Wrong password"), detail: t("The camera refused the name or the password.") };
    case "disabled":
      return { tone: "quiet", text: t("Switched off") };
    case "trouble":
      return { tone: "trouble", text: t("Not connected"), detail: troubleDetail(device, nowMs) };
  }
}

function troubleText({ code }: { readonly code: string }): string {
  return code === "wrong-password" ? t("Wrong password") : t("Not connected");
}

/** What a tile says: the hub's knowledge where it explains more, otherwise what this browser sees. */
export function sayPicture(player: PlayerPhase, device: Told | undefined, nowMs: number): Said {
  const phase = device?.state.phase;
  if (player.phase === "forbidden") {
    return { tone: "quiet", text: t("Not for you to see"), detail: t("An administrator can give you the right.") };
  }
  if (
    device &&
    (phase === "disabled" ||
      phase === "away" ||
      phase === "wrong-password" ||
      phase === "trouble" ||
      phase === "paused-by-talk")
  ) {
    return sayDevice(device, nowMs);
  }
  // The hub knows first: what is shown again here may be an old picture, and what fails here may fail there.
  const seeking = player.phase === "waiting" || player.phase === "lost" || player.phase === "connecting";
  const single = player.phase === "pictures";
  const showing = single || player.phase === "live" || player.phase === "stale" || player.phase === "sound-only";
  if (device && phase === "stale" && (seeking || single || player.phase === "live")) return sayDevice(device, nowMs);
  if (device && (phase === "connecting" || phase === "waiting-for-key-frame") && (seeking || showing))
    return sayDevice(device, nowMs);
  switch (player.phase) {
    case "live":
      return { tone: "live", text: t("Live") };
    case "pictures":
      return { tone: "waiting", text: t("Single pictures"), detail: sayNotConverted(player).join(" ") };
    case "sound-only":
      return { tone: "live", text: t("Sound only"), detail: t("This device has no picture.") };
    case "stale":
      return {
        tone: "trouble",
        text: t("No picture for {time}", { time: howLong(nowMs - player.sinceMs) }),
        detail: t("What you see is the last one that came."),
      };
    case "paused":
      return { tone: "quiet", text: t("Paused"), detail: t("It goes on when you look at it.") };
    case "gone":
      return { tone: "quiet", text: t("Removed"), detail: t("This device is no longer part of the hub.") };
    case "lost":
      return { tone: "waiting", text: t("Connecting again"), detail: player.message };
    case "busy":
      return { tone: "quiet", text: t("Not shown"), detail: player.message };
    case "off":
      return { tone: "quiet", text: t("Off") };
    case "waiting":
      return {
        tone: "waiting",
        text: t("Waiting for a key frame"),
        detail: t("The next whole picture is on the way."),
      };
    case "connecting":
      return { tone: "waiting", text: t("Connecting") };
  }
}

/** What stands on a picture that is shown well, about what does not come with it; undefined when nothing is missing. */
export function sayMissing(device: Told | undefined): string | undefined {
  const sound = device?.quirks?.find(({ code }) => code === "unplayable-sound");
  if (!sound) return undefined;
  return t("No sound: {what} can't be played", {
    what: sound.detail ? codecName(sound.detail.toLowerCase()) : t("this kind"),
  });
}

/** "1280 × 720, H.264, 25 pictures a second": what is known of a track. */
export function sayTrack(track: TrackInfo): string {
  const words: string[] = [];
  if (track.widthPx && track.heightPx) words.push(`${track.widthPx} × ${track.heightPx}`);
  words.push(codecName(track.codec));
  if (track.frameRate) words.push(t("{count} pictures a second", { count: Math.round(track.frameRate) }));
  if (track.sampleRateHz) words.push(`${track.sampleRateHz / 1000} kHz`);
  return words.join(", ");
}

/** What was the matter with a device: in English as its driver says it, else by its code. */
export function sayError({ code, message }: { readonly code: string; readonly message: string }): string {
  return sayTrouble(code) ?? message;
}

function troubleDetail(device: Pick<DeviceInfo, "state">, nowMs: number): string {
  const { error, retryAtMs } = device.state;
  const what = error ? sayError(error) : t("The camera cannot be reached");
  const inMs = retryAtMs === undefined ? 0 : retryAtMs - nowMs;
  const next = inMs > 1500 ? t("Next try in {time}.", { time: howLong(inMs) }) : t("Trying again.");
  return `${wholeSentence(what)} ${next}`;
}
