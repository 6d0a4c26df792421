import { codecNames } from "../../media/codec-names.ts";
import type { AudioFormat, Format, VideoFormat } from "../../media/format.ts";
import { FatalError } from "../../util/errors.ts";
import { type AnsweredPayload, type AnswerPlan, readOffer, receives, type SectionPlan } from "./offer.ts";

/** What is to be sent. */
interface Sent {
  readonly video?: { readonly format: Format } | undefined;
  readonly audio?: { readonly format: Format } | undefined;
}

const mediaStream = "agent";
const audioPayloads: Readonly<Partial<Record<AudioFormat["codec"], AnsweredPayload>>> = {
  opus: { payloadType: 111, rtpmap: "opus/48000/2", clockRateHz: 48_000, fmtp: "minptime=10;useinbandfec=1" },
  pcmu: { payloadType: 0, rtpmap: "PCMU/8000", clockRateHz: 8000 },
  pcma: { payloadType: 8, rtpmap: "PCMA/8000", clockRateHz: 8000 },
};

/** How a picture, a sound or both are offered, each in the codec that it has. Throws FatalError `bad-offer` for neither. */
export function sendingPlan({ video, audio }: Sent): AnswerPlan {
  const picture = video && videoPayload(video.format as VideoFormat);
  const sound = audio && audioPayloads[(audio.format as AudioFormat).codec];
  const offered = [picture && (["video", picture] as const), sound && (["audio", sound] as const)];
  const sections = offered
    .filter((one) => one !== undefined)
    .map(([kind, sending], i): SectionPlan => {
      return { kind, mid: String(i), direction: "SendOnly", payloads: [sending], sending, mediaStream };
    });
  if (sections.length > 0) return { sections, withoutSound: audio !== undefined && !sound };
  throw new FatalError("there is neither picture nor sound to offer", { code: "bad-offer" });
}

function videoPayload({ codec, profile = "42e01f" }: VideoFormat): AnsweredPayload {
  const clockRateHz = 90_000;
  if (codec === "h265") return { payloadType: 97, rtpmap: "H265/90000", clockRateHz };
  const fmtp = `level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=${profile}`;
  return { payloadType: 96, rtpmap: "H264/90000", clockRateHz, fmtp };
}

/**
 * The mids of what a peer takes, by its answer. Throws FatalError `codec-unsupported` when it takes nothing, or sound alone where a
 * picture was offered; `bad-offer` for an answer that cannot be read.
 */
export function takenMids(answerSdp: string, plan: AnswerPlan): ReadonlySet<string> {
  const answer = readOffer(answerSdp);
  const taken = plan.sections.filter(({ mid, sending }) => {
    const section = answer.find((one) => one.mid === mid);
    return receives(section) && section.payloads.some(({ payloadType }) => payloadType === sending?.payloadType);
  });
  const [first] = plan.sections;
  if (first && taken.includes(first)) return new Set(taken.map(({ mid }) => mid));
  const codec =
    first?.sending?.payloadType === 97 ? codecNames.h265 : first?.kind === "video" ? codecNames.h264 : "this sound";
  throw new FatalError(`the server does not take ${codec}`, { code: "codec-unsupported" });
}
