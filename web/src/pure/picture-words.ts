import { codecNames } from "../../../src/media/codec-names.ts";
import { type WhyConverted, whysConverted } from "../../../src/media/showable.ts";
import { t } from "../language/t.ts";

/** The name people know a codec by. */
export function codecName(codec: string): string {
  const names: Readonly<Record<string, string>> = codecNames;
  return names[codec] ?? codec.toUpperCase();
}

/** Why a picture is not shown, nor converted. */
export interface NotConverted {
  readonly codec: string;
  readonly why: WhyConverted;
  /** Why the hub does not convert it: `off`, `busy`, `failed`; others may come. */
  readonly reason: string;
}

/** A picture that WebRTC does not show as it is: its codec, and what keeps it from that. */
export interface OddPicture {
  readonly codec: string;
  readonly why: WhyConverted;
}

/** That the hub leaves a picture to a browser that decodes it (`ApiError` of an offer, or of a turn). */
export function isForDecoder(refusal: { readonly code: string }): boolean {
  return refusal.code === "decodable";
}

/** What WHEP's `doorward-converted` says, `h265; why=codec`; undefined for anything else. */
export function convertedOf(header: string | null): OddPicture | undefined {
  const [, codec, said] = /^([\w-]+); why=([\w-]+)$/.exec(header ?? "") ?? [];
  const why = whyOf(said);
  return codec && why ? { codec, why } : undefined;
}

/** One of the reasons, as the hub names them. */
export function whyOf(said: string | undefined): WhyConverted | undefined {
  return whysConverted.find((why) => why === said);
}

/** "Converted by the hub: this browser cannot show H.265." `tried`: it decoded the picture itself, in vain. */
export function sayConverted({ codec, why, tried }: OddPicture & { readonly tried?: "faults" | "slow" }): string {
  const name = codecName(codec);
  if (tried === "faults") return t("Converted by the hub: this browser failed to decode {name}.", { name });
  if (tried === "slow") return t("Converted by the hub: this browser is too slow to decode {name}.", { name });
  switch (why) {
    case "codec":
      return t("Converted by the hub: this browser cannot show {name}.", { name });
    case "profile":
      return t("Converted by the hub: this browser cannot show this kind of {name}.", { name });
    case "reordered":
      return t("Converted by the hub: this browser cannot show B-frames.");
    case "no-keys":
      return t("Converted by the hub: the camera sends no whole pictures.");
  }
}

/** "Decoded by this browser: WebRTC brings no H.265 to it." */
export function sayDecoded({ codec, why }: OddPicture): string {
  const name = codecName(codec);
  if (why === "profile") return t("Decoded by this browser: WebRTC does not show this kind of {name}.", { name });
  if (why === "reordered") return t("Decoded by this browser: WebRTC does not show B-frames.");
  return t("Decoded by this browser: WebRTC brings no {name} to it.", { name });
}

/** Why only single pictures are shown: what the browser lacks, and what the hub does about it. */
export function sayNotConverted({ codec, why, reason }: NotConverted): readonly [string, string] {
  return [sayLacking(codec, why), sayReason(reason)];
}

function sayLacking(codec: string, why: WhyConverted): string {
  const name = codecName(codec);
  switch (why) {
    case "codec":
      return t("This browser cannot show {name}.", { name });
    case "profile":
      return t("This browser cannot show this kind of {name}.", { name });
    case "reordered":
      return t("This browser cannot show B-frames.");
    case "no-keys":
      return t("The camera sends no whole pictures.");
  }
}

function sayReason(reason: string): string {
  switch (reason) {
    case "busy":
      return t("The hub converts as many pictures as it may.");
    case "off":
      return t("The hub is set to convert none.");
    default:
      return t("The hub could not convert it.");
  }
}

/** "Taken 2 s ago": how old a single picture is. */
export function sayTaken(ageMs: number): string {
  const seconds = Math.max(0, Math.round(ageMs / 1000));
  return seconds < 1 ? t("Taken just now") : t("Taken {seconds} s ago", { seconds });
}
