import type { AudioFormat } from "../../media/format.ts";
import type { QuirkCode } from "../rtp/quirks.ts";
import { formatFromPayload, type MediaSection, type PayloadMapping, type SessionDescription } from "../sdp/index.ts";
import { isTowardsDevice } from "./choose.ts";

/** One way to speak through a device: a section towards it, one payload type of that, and how it is cut into packets. */
export interface SpeakerChoice {
  readonly section: MediaSection;
  readonly payload: PayloadMapping;
  readonly format: AudioFormat;
  readonly packetMs: number;
}

/** What a person may set about a device's speaker. */
export interface SpeakerWishes {
  readonly codec?: AudioFormat["codec"];
  readonly sampleRateHz?: number;
  readonly packetMs?: number;
}

/** The two descriptions that tell a device's speakers. */
export interface SpeakerDescriptions {
  /** Asked for with the back channel's `Require`. */
  readonly asked: SessionDescription;
  /** Asked for without. */
  readonly plain?: SessionDescription;
}

const usualPacketMs = 20;
/** Reolink's firmware plays G.711 in blocks of 1024 bytes and garbles everything else (go2rtc issues 331 and 2353). */
const reolinkPacketMs = 128;

/**
 * Sections that take sound in: those that are described only to who asks for them, whatever their mark, and those that
 * are told from the microphone by it.
 */
export function speakerSections({ asked, plain }: SpeakerDescriptions): readonly MediaSection[] {
  const sounds = asked.media.filter((section) => section.kind === "audio" && section.direction !== "inactive");
  const known = plain?.media ?? [];
  const comparable = known.some((section) => asked.media.some((other) => isSame(section, other)));
  if (!comparable) return sounds.filter((section) => section.direction === "sendonly" && !ownView(asked));
  return sounds.filter((section) => {
    if (known.some((other) => isSame(section, other))) return isTowardsDevice(section, asked);
    return section.direction !== "recvonly" || ownView(asked);
  });
}

/** The device marks its sections from its own view, against the specification. */
function ownView(sdp: SessionDescription): boolean {
  return sdp.media.some((section) => section.kind === "video" && section.direction === "sendonly");
}

function isSame(a: MediaSection, b: MediaSection): boolean {
  return a.kind === b.kind && a.control === b.control;
}

/** All ways to speak, best first; those that the wishes name before the others. */
export function speakerChoices(descriptions: SpeakerDescriptions, wishes: SpeakerWishes = {}): SpeakerChoice[] {
  const choices = speakerSections(descriptions).flatMap((section) =>
    section.payloads.flatMap((payload): SpeakerChoice[] => {
      const format = formatFromPayload(payload);
      if (format?.kind !== "audio" || format.codec === "g726") return []; // which is decoded only
      const packetMs = wishes.packetMs ?? section.packetMs ?? makersPacketMs(descriptions.asked, format);
      return [{ section, payload, format, packetMs }];
    }),
  );
  const listsAll = listsWholeLibrary(choices);
  const rank = (choice: SpeakerChoice) => rankOf(choice, { wishes, listsAll });
  return choices.toSorted((a, b) => rank(a) - rank(b));
}

/** What the best way to speak owes to a device that goes its own ways; nothing where a person has set it. */
export function speakerQuirks(descriptions: SpeakerDescriptions, wishes: SpeakerWishes = {}): QuirkCode[] {
  const choices = speakerChoices(descriptions, wishes);
  const [best] = choices;
  if (!best) return [];
  const byMaker = wishes.packetMs === undefined && best.section.packetMs === undefined;
  const plainInstead = (wishes.codec ?? wishes.sampleRateHz) === undefined && listsWholeLibrary(choices);
  return [
    ...(byMaker && best.packetMs !== usualPacketMs ? (["talk-packets"] as const) : []),
    ...(plainInstead && isPlainG711(best.format) ? (["talk-library"] as const) : []),
  ];
}

/** True when one of `choices` is what was wished for. */
export function isWished({ format }: SpeakerChoice, wishes: SpeakerWishes): boolean {
  const { codec = format.codec, sampleRateHz = format.sampleRateHz } = wishes;
  return format.codec === codec && format.sampleRateHz === sampleRateHz;
}

/** A list with one codec at several rates is what the maker's library can do; plain G.711 is what the speaker can. */
function listsWholeLibrary(choices: readonly SpeakerChoice[]): boolean {
  const bySection = Map.groupBy(choices, ({ section, format }) => `${section.control} ${format.codec}`);
  return [...bySection.values()].some((same) => new Set(same.map(({ format }) => format.sampleRateHz)).size > 1);
}

/** Sound that passes as it is and wide-band comes before what has to be coded or is narrow. */
function rankOf(choice: SpeakerChoice, how: { readonly wishes: SpeakerWishes; readonly listsAll: boolean }): number {
  const { codec, sampleRateHz, config } = choice.format;
  const { wishes, listsAll } = how;
  const narrow = sampleRateHz < 16_000 ? 10 : 0;
  const unsure = codec === "aac" && config === undefined ? 20 : 0;
  const rank = narrow + unsure + ["opus", "pcm_s16le", "g722", "aac", "pcma", "pcmu"].indexOf(codec);
  if ((wishes.codec ?? wishes.sampleRateHz) !== undefined && isWished(choice, wishes)) return rank - 200;
  return listsAll && isPlainG711(choice.format) ? rank - 100 : rank;
}

function isPlainG711({ codec, sampleRateHz, channels }: AudioFormat): boolean {
  return (codec === "pcma" || codec === "pcmu") && sampleRateHz === 8000 && channels === 1;
}

function makersPacketMs({ tool, name }: SessionDescription, format: AudioFormat): number {
  const reolink = /^BC Streaming Media\b/.test(tool ?? "") || /\bstreamed by "preview"/i.test(name);
  return reolink && isPlainG711(format) ? reolinkPacketMs : usualPacketMs;
}
