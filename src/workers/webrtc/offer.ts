import sdpTransform from "sdp-transform";
import { codecNames } from "../../media/codec-names.ts";
import { playsInBrowsers } from "../../media/convert.ts";
import type { AudioFormat, Format, VideoFormat } from "../../media/format.ts";
import { type MediaSection, type PayloadMapping, parseSdp } from "../../protocols/sdp/index.ts";
import { FatalError, messageOf } from "../../util/errors.ts";

/** One payload type of an answered section, as it stands in the offer. */
export interface AnsweredPayload {
  readonly payloadType: number;
  /** As in `a=rtpmap`, e.g. "H264/90000". */
  readonly rtpmap: string;
  readonly clockRateHz: number;
  /** As in `a=fmtp`. */
  readonly fmtp?: string;
}

/** How one `m=` section of the offer is answered. */
export interface SectionPlan {
  readonly kind: "video" | "audio";
  readonly mid: string;
  readonly direction: "SendOnly" | "RecvOnly" | "SendRecv" | "Inactive";
  /** At least one. The first is what the viewer will send in. */
  readonly payloads: readonly AnsweredPayload[];
  /** What we send in. */
  readonly sending?: AnsweredPayload;
  /** Payload type of the Opus that we take from the viewer. */
  readonly microphone?: number;
  /** Name of the media stream: sections that share it are played in step. */
  readonly mediaStream: string;
}

/** How an offer is answered: one entry for each of its media sections, in order. */
export interface AnswerPlan {
  readonly sections: readonly SectionPlan[];
  /** The sound has a codec that the offer lacks; the picture is shown without. */
  readonly withoutSound: boolean;
}

/** What is to be sent, and whether sound is taken in. */
export interface Wanted {
  readonly video?: { readonly id: string; readonly format: Format };
  readonly audio?: { readonly id: string; readonly format: Format };
  readonly acceptMicrophone: boolean;
}

/**
 * Decides how a browser's offer is answered (JSEP, RFC 8829 5.3): the first video section is served, the first audio section that
 * takes sound, and the first that brings some, which may be another one (go2rtc and its player offer it so); what is left is refused. Throws
 * FatalError `bad-offer` when it cannot be read or asks for nothing that we have, and `codec-unsupported` when it lacks the picture's
 * codec.
 */
export function planAnswer(offerSdp: string, wanted: Wanted): AnswerPlan {
  const offer = readOffer(offerSdp);
  const sounds = offer.filter((section) => section.kind === "audio");
  const video = offer.find((section) => section.kind === "video");
  const heard = wanted.audio && sounds.find(receives);
  const spoken = wanted.acceptMicrophone ? sounds.find(sends) : undefined;
  const videoPayload = wanted.video && receives(video) ? pickVideo(video, wanted.video.format) : undefined;
  const audioPayload = wanted.audio && heard && pickAudio(heard, wanted.audio.format);
  const microphone = spoken?.payloads.find(isOpus);
  if (!videoPayload && !audioPayload && !microphone) {
    if (wanted.audio && heard && !wanted.video) throw unsupported(wanted.audio.format);
    throw new FatalError("offer cannot be served: it asks for no picture and no sound that we have", {
      code: "bad-offer",
    });
  }
  const sections = offer.map((section): SectionPlan => {
    if (section.kind !== "video" && section.kind !== "audio") {
      throw new FatalError(`offer cannot be served: a section of kind ${section.kind}`, { code: "bad-offer" });
    }
    const kind = section.kind;
    const track = kind === "video" ? wanted.video : wanted.audio;
    return served(section, {
      kind,
      sending: section === video ? videoPayload : section === heard ? audioPayload : undefined,
      microphone: section === spoken ? microphone : undefined,
      mediaStream: streamName(track?.id ?? `talk-${kind}`),
    });
  });
  return { sections, withoutSound: heard !== undefined && !audioPayload };
}

/** One section of an offer. */
export type OfferedSection = MediaSection & {
  readonly mid: string;
  /** Payload types of which lost packets are sent again when they are asked for (generic NACK, RFC 4585). */
  readonly nacks: readonly number[];
};

/** The sections of an offer. Throws FatalError `bad-offer`. */
export function readOffer(sdp: string): OfferedSection[] {
  try {
    const offered = sdpTransform.parse(sdp).media;
    return parseSdp(sdp).media.map((section, i) => {
      const { mid, rtcpFb } = offered[i] ?? {};
      if (mid === undefined || mid === null) throw new TypeError("a media section without mid");
      if (section.payloads.length === 0 && section.kind !== "application") throw new TypeError("no payload type");
      return { ...section, mid: String(mid), nacks: nacksOf(section, rtcpFb ?? []) };
    });
  } catch (error) {
    throw new FatalError(`offer cannot be read: ${messageOf(error)}`, { code: "bad-offer", cause: error });
  }
}

/** `*` stands for every payload type of the section. */
function nacksOf(
  section: MediaSection,
  feedback: readonly { readonly payload: number | string; readonly type: string; readonly subtype?: string }[],
): number[] {
  const generic = feedback.filter(({ type, subtype }) => type === "nack" && subtype === undefined);
  const promised = new Set(generic.map(({ payload }) => String(payload)));
  return section.payloads
    .map(({ payloadType }) => payloadType)
    .filter((payloadType) => promised.has(String(payloadType)) || promised.has("*"));
}

/** Whether the other side means to take what is sent in a section. */
export function receives(section: OfferedSection | undefined): section is OfferedSection {
  return section?.direction === "recvonly" || section?.direction === "sendrecv";
}

/** Whether the other side means to send in a section. */
export function sends(section: OfferedSection | undefined): section is OfferedSection {
  return section?.direction === "sendonly" || section?.direction === "sendrecv";
}

const isOpus = (payload: PayloadMapping): boolean => payload.codec === "opus";

function pickVideo(section: OfferedSection, format: Format): PayloadMapping {
  const offered = section.payloads.filter((payload) => payload.codec === format.codec);
  const best = format.codec === "h264" ? bestH264(offered, (format as VideoFormat).profile) : offered[0];
  if (!best) throw unsupported(format);
  return best;
}

function pickAudio(section: OfferedSection, format: Format): PayloadMapping | undefined {
  const { codec } = format as AudioFormat;
  if (!playsInBrowsers(format as AudioFormat)) throw unsupported(format);
  return section.payloads.find((payload) => payload.codec === codec);
}

/** Nearest profiles first, for a stream of the profile that is the key. */
const nearest: Readonly<Record<string, readonly string[]>> = {
  constrained: ["constrained", "baseline", "main", "high"],
  baseline: ["baseline", "constrained", "main", "high"],
  main: ["main", "high", "constrained", "baseline"],
  high: ["high", "main", "constrained", "baseline"],
};

/** Interleaving does not exist in WebRTC; single-unit mode (0) forbids fragments and is the last resort. */
export function bestH264(offered: readonly PayloadMapping[], profile: string | undefined): PayloadMapping | undefined {
  const order = nearest[profileName(profile ?? "42e01f")] ?? [];
  const rank = (payload: PayloadMapping): number => {
    const place = order.indexOf(profileName(payload.fmtp["profile-level-id"] ?? "42001f"));
    return (payload.fmtp["packetization-mode"] === "1" ? 0 : 100) + (place < 0 ? 10 : place);
  };
  return offered.toSorted((a, b) => rank(a) - rank(b))[0];
}

/** RFC 6184, table 5, as far as cameras and browsers use it. */
function profileName(profileLevelId: string): string {
  const idc = profileLevelId.slice(0, 2).toLowerCase();
  const constraint = Number.parseInt(profileLevelId.slice(2, 4), 16);
  if (idc === "42") return (constraint & 0x40) !== 0 ? "constrained" : "baseline";
  if (idc === "4d") return "main";
  return idc === "64" ? "high" : idc;
}

function unsupported(format: Format): FatalError {
  return new FatalError(`this viewer cannot take ${codecNames[format.codec]}: its offer has no such codec`, {
    code: "codec-unsupported",
    fields: { codec: format.codec },
  });
}

interface Service {
  readonly kind: "video" | "audio";
  readonly sending?: PayloadMapping;
  readonly microphone?: PayloadMapping;
  readonly mediaStream: string;
}

/** The answer to one section. */
export function served(section: OfferedSection, service: Service): SectionPlan {
  const { sending, microphone, kind, mediaStream } = service;
  const first = section.payloads[0]!;
  const payloads = [...new Set([microphone, sending].filter((payload) => payload !== undefined))];
  const direction = sending ? (microphone ? "SendRecv" : "SendOnly") : microphone ? "RecvOnly" : "Inactive";
  return {
    kind,
    mid: section.mid,
    direction,
    payloads: (payloads.length > 0 ? payloads : [first]).map(answered),
    mediaStream,
    ...(sending ? { sending: answered(sending) } : {}),
    ...(microphone ? { microphone: microphone.payloadType } : {}),
  };
}

function answered(payload: PayloadMapping): AnsweredPayload {
  const { payloadType, clockRateHz, channels, codec } = payload;
  const name = codec === "opus" ? "opus" : payload.encoding;
  const fmtp = Object.entries(payload.fmtp)
    .map(([key, value]) => (value === "" ? key : `${key}=${value}`))
    .join(";");
  return {
    payloadType,
    clockRateHz,
    rtpmap: `${name}/${clockRateHz}${channels > 1 ? `/${channels}` : ""}`,
    ...(fmtp === "" ? {} : { fmtp }),
  };
}

/** Picture and sound of one device are played in step (same stream); sound of another origin must not be held back for it. */
function streamName(trackId: string): string {
  return (trackId.split("/")[0] ?? trackId).replace(/[^\w-]/g, "_").slice(0, 64) || "doorward";
}
