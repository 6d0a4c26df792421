import sdpTransform from "sdp-transform";
import type { AudioCodec, VideoCodec } from "../../media/format.ts";
import { WireError } from "../../util/errors.ts";
import { codecOf, staticPayloads } from "./codec-names.ts";

/**
 * `a=sendrecv` and its kin. In RTSP it is the server's view, except ONVIF's back channel, whose `sendonly` is towards
 * it.
 */
export type MediaDirection = "sendrecv" | "sendonly" | "recvonly" | "inactive";

/** One payload type of a media section. */
export interface PayloadMapping {
  readonly payloadType: number;
  /** Undefined for a codec that the hub does not carry. */
  readonly codec?: VideoCodec | AudioCodec;
  /** The name in `a=rtpmap` in upper case. */
  readonly encoding: string;
  /** Rate of the RTP timestamps (G.722: 8000). */
  readonly clockRateHz: number;
  readonly channels: number;
  /** Parameters of `a=fmtp`, names in lower case, values as they are. */
  readonly fmtp: Readonly<Record<string, string>>;
}

/** One `m=` section. */
export interface MediaSection {
  readonly kind: "video" | "audio" | "application" | "other";
  readonly port: number;
  /** As after `m=... port`, e.g. "RTP/AVP". */
  readonly protocol: string;
  /** `a=control`: absolute, relative, or missing. */
  readonly control?: string;
  readonly direction: MediaDirection;
  /** `a=framerate`, if given. */
  readonly frameRate?: number;
  /** `a=ptime`: length of one packet that the device wants or sends, ms. */
  readonly packetMs?: number;
  /** How its sender lets itself be asked for a key frame: `a=rtcp-fb` of RFC 4585 and RFC 5104. */
  readonly keyFrameRequest?: "pli" | "fir";
  readonly payloads: readonly PayloadMapping[];
}

/** What a hub needs of a session description (RFC 8866). */
export interface SessionDescription {
  readonly name: string;
  /** `a=control` of the whole session. */
  readonly control?: string;
  /** `a=tool`: the software that wrote it, which tells the maker of some devices. */
  readonly tool?: string;
  readonly media: readonly MediaSection[];
}

const maxChars = 64 * 1024;
const maxSections = 32;

/**
 * Reads a session description, forgiving what cameras get wrong: bare line feeds, missing `o=`, `s=` or `t=`, blanks
 * around values, ports below zero or missing, `a=fmtp` in another section, static payload types without `a=rtpmap`, codec names in any case, unknown attributes. Throws WireError
 * when there is no `m=` line in it or it is longer than 64 KiB.
 */
export function parseSdp(text: string): SessionDescription {
  if (text.length > maxChars) throw new WireError(`SDP: ${text.length} characters`);
  const session = transform(text);
  if (session.media.length === 0) throw new WireError("SDP: no media section");
  if (session.media.length > maxSections) throw new WireError(`SDP: ${session.media.length} media sections`);
  const control = controlOf(session);
  const tool = (session.invalid ?? []).map(({ value }) => /^tool:(.*)/.exec(String(value))?.[1]).find(Boolean);
  return {
    name: String(session.name ?? ""),
    ...(control === undefined ? {} : { control }),
    ...(tool === undefined ? {} : { tool: tool.slice(0, 128) }),
    media: session.media.map((media) => readSection(media, session)),
  };
}

function transform(text: string): sdpTransform.SessionDescription {
  const lines = text
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim().replace(/^([a-zA-Z]) *= */, (_, letter: string) => `${letter.toLowerCase()}=`))
    .filter((line) => /^[a-z]=/.test(line))
    .map((line) => (line.startsWith("m=") ? mediaLine(line) : attributeLine(line)));
  try {
    return sdpTransform.parse(`${lines.join("\r\n")}\r\n`);
  } catch (error) {
    throw new WireError("SDP: cannot be read", { cause: error });
  }
}

/** An `m=` line in the grammar: kind, port, protocol, types. Cameras write a port below zero, or none, or no protocol. */
function mediaLine(line: string): string {
  const [kind = "", ...words] = line.slice(2).split(/\s+/);
  const port = /^(\d{1,5})(\/\d+)?$/.exec(words[0] ?? "")?.[1] ?? "0";
  const protocol = words.find((word) => /^[A-Z]+\/[A-Z/]+$/i.test(word)) ?? "RTP/AVP";
  const after = words.findIndex((word) => word.includes("/") && !/^\d/.test(word));
  const types = (after >= 0 ? words.slice(after + 1) : words.slice(1)).filter((word) => /^\d{1,3}$/.test(word));
  return `m=${kind.toLowerCase()} ${port} ${protocol} ${types.join(" ")}`.trimEnd();
}

/** Attribute names in the case that the grammar knows, without blanks behind their colon. */
function attributeLine(line: string): string {
  const known = /^a=(rtpmap|fmtp|control|framerate|sendonly|recvonly|sendrecv|inactive|ptime)( *: *|$)(.*)$/i.exec(
    line,
  );
  if (!known) return line;
  const [, name = "", colon = "", value = ""] = known;
  return `a=${name.toLowerCase()}${colon === "" ? "" : ":"}${value}`;
}

type Media = sdpTransform.SessionDescription["media"][number];

function readSection(media: Media, session: sdpTransform.SessionDescription): MediaSection {
  const control = controlOf(media);
  const frameRate = Number(media.framerate);
  const packetMs = Number(media.ptime);
  const kind = media.type === "video" || media.type === "audio" || media.type === "application" ? media.type : "other";
  return {
    kind,
    port: Number(media.port) || 0,
    protocol: String(media.protocol ?? ""),
    ...(control === undefined ? {} : { control }),
    direction: media.direction ?? session.direction ?? "sendrecv",
    ...(frameRate > 0 && frameRate <= 480 ? { frameRate } : {}),
    ...(packetMs >= 5 && packetMs <= 200 ? { packetMs } : {}),
    ...keyFrameRequest(media),
    payloads: payloadTypes(media).flatMap((payloadType) => readPayload({ media, session, payloadType }) ?? []),
  };
}

function keyFrameRequest({ rtcpFb = [] }: Media): Pick<MediaSection, "keyFrameRequest"> {
  const heeds = (type: string, subtype: string) =>
    rtcpFb.some((one) => one.type.toLowerCase() === type && one.subtype?.trim().toLowerCase() === subtype);
  if (heeds("nack", "pli")) return { keyFrameRequest: "pli" };
  return heeds("ccm", "fir") ? { keyFrameRequest: "fir" } : {};
}

/** Payload types of the `m=` line in order; those only in `a=rtpmap` (seen on cameras) after them. */
function payloadTypes(media: Media): number[] {
  const listed = String(media.payloads ?? "")
    .split(/\s+/)
    .filter((word) => /^\d{1,3}$/.test(word))
    .map(Number);
  const mapped = (media.rtp ?? []).map((entry) => Number(entry.payload));
  return [...new Set([...listed, ...mapped])].filter((type) => type >= 0 && type <= 127).slice(0, 64);
}

interface PayloadPlace {
  readonly media: Media;
  readonly session: sdpTransform.SessionDescription;
  readonly payloadType: number;
}

function readPayload(place: PayloadPlace): PayloadMapping | undefined {
  const { media, payloadType } = place;
  const mapped = mappingOf(media, payloadType);
  const known = mapped
    ? { encoding: mapped.codec, clockRateHz: Number(mapped.rate) || 0, channels: Number(mapped.encoding) || 1 }
    : staticPayloads[payloadType];
  if (!known) return undefined;
  const encoding = String(known.encoding).toUpperCase();
  const codec = codecOf(encoding);
  const clockRateHz = known.clockRateHz || (media.type === "video" ? 90_000 : 8000);
  const channels = Math.min(8, Math.max(1, known.channels));
  return { payloadType, ...(codec ? { codec } : {}), encoding, clockRateHz, channels, fmtp: parseFmtp(fmtpOf(place)) };
}

/**
 * The `a=fmtp` of a type: in its section; else one of no type of the section, if it can be for this one only; else, as
 * seen on cameras, one in another section or before all of them.
 */
function fmtpOf({ media, session, payloadType }: PayloadPlace): string {
  const own = (media.fmtp ?? []).find((entry) => entry.payload === payloadType);
  const types = payloadTypes(media);
  const stray = types.length === 1 ? (media.fmtp ?? []).find((entry) => !types.includes(entry.payload)) : undefined;
  const elsewhere = [session, ...session.media]
    .filter((other) => other === session || !payloadTypes(other as Media).includes(payloadType))
    .flatMap((other) => (other as Media).fmtp ?? [])
    .find((entry) => entry.payload === payloadType);
  return String((own ?? elsewhere ?? stray)?.config ?? "");
}

/**
 * The `a=rtpmap` of a type. Where several lines map it, one that says what the type has always been (RFC 3551) is meant,
 * else the last: firmware that adds a line adds the one that it obeys.
 */
function mappingOf(media: Media, payloadType: number): Media["rtp"][number] | undefined {
  const lines = (media.rtp ?? []).filter((entry) => entry.payload === payloadType);
  const standard = staticPayloads[payloadType]?.encoding;
  return lines.find(({ codec }) => String(codec).toUpperCase() === standard) ?? lines.at(-1);
}

function parseFmtp(config: string): Record<string, string> {
  const fmtp: Record<string, string> = Object.create(null);
  for (const pair of String(config).split(";").slice(0, 64)) {
    const equals = pair.indexOf("=");
    const name = (equals < 0 ? pair : pair.slice(0, equals)).trim().toLowerCase();
    if (name !== "") fmtp[name] = equals < 0 ? "" : pair.slice(equals + 1).trim();
  }
  return fmtp;
}

function controlOf(section: object): string | undefined {
  const control = (section as { control?: unknown }).control;
  return control === undefined || control === null || control === "" ? undefined : String(control);
}
