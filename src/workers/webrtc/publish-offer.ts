import { browserAudioCodecs } from "../../media/convert.ts";
import type { IceCandidate } from "../../media/viewer.ts";
import type { PayloadMapping } from "../../protocols/sdp/index.ts";
import { FatalError } from "../../util/errors.ts";
import {
  type AnswerPlan,
  bestH264,
  type OfferedSection,
  readOffer,
  receives,
  type SectionPlan,
  sends,
  served,
} from "./offer.ts";

/** How a publisher's offer is answered: which payload of each section is taken in. */
export interface PublishPlan extends AnswerPlan {
  /** By mid: what the publisher will send in that section. */
  readonly taken: ReadonlyMap<string, PayloadMapping>;
  /** Mids of those sections in which it sends again what it is asked for (`a=rtcp-fb:... nack`). */
  readonly repaired: ReadonlySet<string>;
}

const h264 = (profile: string) => `level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=${profile}`;

const opus = { payloadType: 111, rtpmap: "opus/48000/2", clockRateHz: 48_000, fmtp: "minptime=10;useinbandfec=1" };

/**
 * What a peer is asked for that publishes when it is asked: one picture and one sound, in what {@link planPublish} takes. With
 * `sound` it is offered Opus in return.
 */
export function askingPlan({ sound }: { readonly sound: boolean }): AnswerPlan {
  const audio = sound ? ({ direction: "SendRecv", sending: opus } as const) : ({ direction: "RecvOnly" } as const);
  return { withoutSound: false, sections: [askedPicture, { ...askedSound, ...audio }] };
}

const askedPicture: SectionPlan = {
  kind: "video",
  mid: "0",
  direction: "RecvOnly",
  mediaStream: "asked",
  payloads: [
    { payloadType: 96, rtpmap: "H264/90000", clockRateHz: 90_000, fmtp: h264("42e01f") },
    { payloadType: 97, rtpmap: "H264/90000", clockRateHz: 90_000, fmtp: h264("4d001f") },
    { payloadType: 98, rtpmap: "H264/90000", clockRateHz: 90_000, fmtp: h264("640c1f") },
    { payloadType: 99, rtpmap: "H265/90000", clockRateHz: 90_000 },
  ],
};

const askedSound: SectionPlan = {
  kind: "audio",
  mid: "1",
  direction: "RecvOnly",
  mediaStream: "asked",
  payloads: [
    opus,
    { payloadType: 0, rtpmap: "PCMU/8000", clockRateHz: 8000 },
    { payloadType: 8, rtpmap: "PCMA/8000", clockRateHz: 8000 },
  ],
};

/** Whether a peer takes the sound that it was offered, by its answer. Throws FatalError `bad-offer`. */
export function takesSound(answerSdp: string): boolean {
  const audio = readOffer(answerSdp).find(({ kind }) => kind === "audio");
  return (
    receives(audio) &&
    audio.payloads.some(({ codec, payloadType }) => codec === "opus" && payloadType === opus.payloadType)
  );
}

/**
 * Decides what is taken of a publisher: the first picture in H.264 (or H.265 where that is all it offers) and the first
 * sound in Opus (or G.711). Throws FatalError `bad-offer`, and `codec-unsupported` when it offers none of them.
 */
export function planPublish(offerSdp: string): PublishPlan {
  return plan(offerSdp, best);
}

/**
 * The same of one that was asked, by its answer: it sends what it names first (RFC 3264, 6.1), whatever we should like best.
 * Throws as {@link planPublish} does.
 */
export function planAnswered(answerSdp: string): PublishPlan {
  return plan(answerSdp, ({ payloads }) => payloads.find(({ codec }) => codec !== undefined && takenCodecs.has(codec)));
}

type Pick = (section: OfferedSection) => PayloadMapping | undefined;

function plan(offerSdp: string, pick: Pick): PublishPlan {
  const offer = readOffer(offerSdp);
  const taken = new Map<string, PayloadMapping>();
  const repaired = new Set<string>();
  const kinds = new Set<string>();
  const sections = offer.map((section): SectionPlan => {
    if (section.kind !== "video" && section.kind !== "audio") {
      throw new FatalError(`offer cannot be served: a section of kind ${section.kind}`, { code: "bad-offer" });
    }
    const { kind, mid } = section;
    const payload = sends(section) && !kinds.has(kind) ? pick(section) : undefined;
    if (!payload) return served(section, { kind, mediaStream: "publisher" });
    kinds.add(kind);
    taken.set(mid, payload);
    if (section.nacks.includes(payload.payloadType)) repaired.add(mid);
    return { ...served(section, { kind, microphone: payload, mediaStream: "publisher" }) };
  });
  if (taken.size > 0) return { sections, taken, repaired, withoutSound: false };
  if (offer.some((section) => sends(section))) {
    throw new FatalError("the publisher offers no picture in H.264 or H.265 and no sound in Opus or G.711", {
      code: "codec-unsupported",
    });
  }
  throw new FatalError("offer cannot be served: it sends neither picture nor sound", { code: "bad-offer" });
}

const takenCodecs: ReadonlySet<string> = new Set(["h264", "h265", ...browserAudioCodecs]);

function best({ kind, payloads }: OfferedSection): PayloadMapping | undefined {
  const of = (codec: string) => payloads.filter((payload) => payload.codec === codec);
  if (kind === "video") return bestH264(of("h264"), undefined) ?? of("h265")[0];
  return browserAudioCodecs.flatMap(of)[0];
}

/**
 * Takes the candidates out of a description. The library as offerer begins the handshake as soon as its peer finds it, and
 * closes when it does not know the answer by then: so its peer is told where it is only afterwards.
 */
export function withoutCandidates(sdp: string): {
  readonly offerSdp: string;
  readonly candidates: readonly IceCandidate[];
} {
  let sdpMid = "";
  const candidates: IceCandidate[] = [];
  const lines = sdp.split("\r\n").filter((line) => {
    sdpMid = /^a=mid:(.*)$/.exec(line)?.[1] ?? sdpMid;
    if (line.startsWith("a=candidate:")) candidates.push({ candidate: line.slice(2), sdpMid });
    return !line.startsWith("a=candidate:") && line !== "a=end-of-candidates";
  });
  return { offerSdp: lines.join("\r\n"), candidates };
}
