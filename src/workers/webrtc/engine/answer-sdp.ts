import type { AnswerPlan, SectionPlan } from "../offer.ts";
import type { OfferedTransport } from "./offer-ice.ts";

/** Our side of the connection. */
export interface OwnTransport {
  readonly ufrag: string;
  readonly pwd: string;
  /** SHA-256 of the engine's certificate. */
  readonly fingerprint: Uint8Array;
  /** Lines `a=candidate:...`, the best first. */
  readonly candidates: readonly string[];
  /** SSRC of each section that sends, by its mid. */
  readonly ssrcs: ReadonlyMap<string, number>;
}

/** Feedback that the engine heeds. */
const heeded = ["nack", "nack pli", "ccm fir"];

/** Writes the answer that a plan describes (RFC 8829, 5.3). All sections share one transport. */
export function writeAnswer(
  plan: AnswerPlan,
  transport: { readonly own: OwnTransport; readonly offered: OfferedTransport; readonly sessionId: number },
): string {
  const { own, offered, sessionId } = transport;
  const ice = [
    `a=ice-ufrag:${own.ufrag}`,
    `a=ice-pwd:${own.pwd}`,
    `a=fingerprint:sha-256 ${Buffer.from(own.fingerprint).toString("hex").toUpperCase().match(/../g)?.join(":")}`,
    `a=setup:${offered.dtlsRole === "client" ? "active" : "passive"}`,
  ];
  const sections = plan.sections.flatMap((section, i) => [
    ...sectionLines(section, { own, offered }),
    ...ice,
    ...(i === 0 ? [...own.candidates, "a=end-of-candidates"] : []),
  ]);
  const lines = [
    "v=0",
    `o=- ${sessionId} 1 IN IP4 127.0.0.1`,
    "s=-",
    "t=0 0",
    `a=group:BUNDLE ${plan.sections.map(({ mid }) => mid).join(" ")}`,
    "a=msid-semantic:WMS *",
    ...sections,
  ];
  return `${lines.join("\r\n")}\r\n`;
}

const directions = { SendOnly: "sendonly", RecvOnly: "recvonly", SendRecv: "sendrecv", Inactive: "inactive" } as const;

function sectionLines(
  section: SectionPlan,
  transport: { readonly own: OwnTransport; readonly offered: OfferedTransport },
): string[] {
  const { kind, mid, mediaStream, payloads, sending } = section;
  const ssrc = transport.own.ssrcs.get(mid);
  const payloadLines = payloads.flatMap(({ payloadType, rtpmap, fmtp }) => [
    `a=rtpmap:${payloadType} ${rtpmap}`,
    ...(payloadType === sending?.payloadType && kind === "video" ? feedback(payloadType, transport.offered) : []),
    ...(fmtp === undefined ? [] : [`a=fmtp:${payloadType} ${fmtp}`]),
  ]);
  const source =
    ssrc === undefined
      ? []
      : [
          `a=msid:${mediaStream} ${mediaStream}-${kind}`,
          `a=ssrc:${ssrc} cname:${mediaStream}`,
          `a=ssrc:${ssrc} msid:${mediaStream} ${mediaStream}-${kind}`,
        ];
  return [
    `m=${kind} 9 UDP/TLS/RTP/SAVPF ${payloads.map(({ payloadType }) => payloadType).join(" ")}`,
    "c=IN IP4 0.0.0.0",
    `a=mid:${mid}`,
    `a=${directions[section.direction]}`,
    "a=rtcp-mux",
    ...payloadLines,
    ...source,
  ];
}

function feedback(payloadType: number, offered: OfferedTransport): string[] {
  const said = [...(offered.feedback.get(String(payloadType)) ?? []), ...(offered.feedback.get("*") ?? [])];
  return heeded.filter((one) => said.includes(one)).map((one) => `a=rtcp-fb:${payloadType} ${one}`);
}
