import { FatalError, RecoverableError } from "../../util/errors.ts";
import type { MediaSection, PayloadMapping, SessionDescription } from "../sdp/index.ts";

/** One medium of a description, and the payload type that is taken of it. */
export interface ChosenMedium {
  readonly section: MediaSection;
  readonly payload: PayloadMapping;
}

/** What a player takes of a session description. */
export interface ChosenMedia {
  readonly video?: ChosenMedium;
  readonly audio?: ChosenMedium;
  /** The ONVIF back channel, with all payload types that we speak. */
  readonly backchannel?: { readonly section: MediaSection; readonly payloads: readonly PayloadMapping[] };
}

/** Options of {@link chooseMedia}. */
export interface ChooseOptions {
  /** Which of several video media, from 0. */
  readonly video?: number;
  /** The description was asked for with the back channel's `Require`: `sendonly` sound is towards the device. */
  readonly backchannel?: boolean;
  /** Names the camera in errors. */
  readonly peer: string;
}

/**
 * Picks the first picture and the first sound that the hub carries. ONVIF's `sendonly` is from the player's view; cameras
 * that mean their own view mark the picture `sendonly` too, and then the mark says nothing. Throws FatalError
 * `unsupported-codec`, RecoverableError `no-media`.
 */
export function chooseMedia(sdp: SessionDescription, options: ChooseOptions): ChosenMedia {
  const videos = sdp.media.filter((section) => section.kind === "video");
  const marked = options.backchannel === true && !videos.some((section) => section.direction === "sendonly");
  const sounds = sdp.media.filter((section) => section.kind === "audio");
  const towardsDevice = marked ? sounds.find((section) => section.direction === "sendonly") : undefined;
  const video = firstUsable(videos.slice(options.video ?? 0));
  const audio = firstUsable(sounds.filter((section) => section !== towardsDevice));
  if (videos.length > 0 && !video) throw unsupported(videos, options);
  if (!video && !audio) {
    throw new RecoverableError(`${options.peer} offers neither picture nor sound at this path`, { code: "no-media" });
  }
  const payloads = towardsDevice?.payloads.filter((payload) => payload.codec !== undefined) ?? [];
  return {
    video,
    audio,
    backchannel: towardsDevice && payloads.length > 0 ? { section: towardsDevice, payloads } : undefined,
  };
}

function firstUsable(sections: readonly MediaSection[]): ChosenMedium | undefined {
  for (const section of sections) {
    const payload = section.payloads.find(({ codec }) => codec !== undefined);
    if (payload) return { section, payload };
  }
  return undefined;
}

function unsupported(videos: readonly MediaSection[], options: ChooseOptions): FatalError {
  if ((options.video ?? 0) >= videos.length) {
    return new FatalError(
      `${options.peer} has ${videos.length} video streams at this path: number ${options.video} is none of them`,
      {
        code: "no-such-video",
      },
    );
  }
  const names = videos.flatMap((section) => section.payloads.map(({ encoding }) => encoding.slice(0, 32)));
  return new FatalError(
    `${options.peer} sends its picture as ${names.join(", ") || "something unnamed"}: set the camera to H.264 or H.265`,
    { code: "unsupported-codec" },
  );
}
