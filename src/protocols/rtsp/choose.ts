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
  /** Name of the encoding of a sound that the hub does not carry, where no other one is offered. */
  readonly unplayable?: string;
}

/** Options of {@link chooseMedia}. */
export interface ChooseOptions {
  /** Which of several video media, from 0. */
  readonly video?: number;
  /** Names the camera in errors. */
  readonly peer: string;
}

/**
 * Picks the first picture and the first sound that the hub carries; a section towards the device is no sound. Throws
 * FatalError `unsupported-codec`, RecoverableError `no-media`.
 */
export function chooseMedia(sdp: SessionDescription, options: ChooseOptions): ChosenMedia {
  const videos = sdp.media.filter((section) => section.kind === "video");
  const sounds = sdp.media.filter((section) => section.kind === "audio" && !isTowardsDevice(section, sdp));
  const wanted = videos.slice(options.video ?? 0);
  // MJPEG beside another codec is what the camera sends to old programs.
  const video = firstUsable(wanted, isOfNals) ?? firstUsable(wanted);
  const audio = firstUsable(sounds);
  if (videos.length > 0 && !video) throw unsupported(videos, options);
  if (!video && !audio) {
    throw new RecoverableError(`${options.peer} offers neither picture nor sound at this path`, { code: "no-media" });
  }
  const unplayable = audio ? undefined : sounds[0]?.payloads[0]?.encoding.slice(0, 32);
  return { video, audio, ...(unplayable !== undefined && { unplayable }) };
}

/**
 * Whether a section is a speaker by its mark. ONVIF's `sendonly` is from the player's view, but cameras put it on their
 * own microphone too: it says something only beside a section that is marked or directed otherwise.
 */
export function isTowardsDevice(section: MediaSection, sdp: SessionDescription): boolean {
  if (section.kind !== "audio" || section.direction !== "sendonly") return false;
  const others = sdp.media.filter((other) => other !== section && (other.kind === "video" || other.kind === "audio"));
  if (others.some((other) => other.kind === "video" && other.direction === "sendonly")) return false;
  return others.some((other) => other.direction === "recvonly" || (other.kind === "audio" && !isMarked(other)));
}

function isMarked(section: MediaSection): boolean {
  return section.direction === "sendonly";
}

function isOfNals({ codec }: PayloadMapping): boolean {
  return codec === "h264" || codec === "h265";
}

function firstUsable(
  sections: readonly MediaSection[],
  suits: (payload: PayloadMapping) => boolean = ({ codec }) => codec !== undefined,
): ChosenMedium | undefined {
  for (const section of sections) {
    const payload = section.payloads.find(suits);
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
    `${options.peer} sends its picture as ${names.join(", ") || "something unnamed"}: set the camera to H.264, H.265 or MJPEG`,
    { code: "unsupported-codec" },
  );
}
