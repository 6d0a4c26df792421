import type { IceCandidate } from "../../media/viewer.ts";
import { WireError } from "../../util/errors.ts";

/** What a trickle message says (RFC 8840, `application/trickle-ice-sdpfrag`). */
export interface SdpFragment {
  /** `ice-ufrag` of the ICE session that it belongs to; another than the offer's asks for an ICE restart. */
  readonly ufrag: string | undefined;
  readonly candidates: readonly IceCandidate[];
  readonly endOfCandidates: boolean;
}

const maxLines = 512;
const maxCandidates = 128;
const maxLineLength = 1024;

/** Reads a trickle message. Throws WireError for anything else, or has too much in it. */
export function parseSdpFragment(text: string): SdpFragment {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  if (lines.length > maxLines) throw new WireError(`trickle message: ${lines.length} lines`);
  const candidates: IceCandidate[] = [];
  let ufrag: string | undefined;
  let mid = "0";
  let endOfCandidates = false;
  for (const line of lines) {
    if (line.length > maxLineLength || !/^[a-z]=/.test(line)) throw new WireError("trickle message: not an SDP line");
    const value = line.slice(2);
    if (value.startsWith("ice-ufrag:")) ufrag ??= token(value.slice("ice-ufrag:".length));
    else if (value.startsWith("mid:")) mid = token(value.slice("mid:".length));
    else if (value.startsWith("candidate:")) candidates.push({ candidate: checkCandidate(value), sdpMid: mid });
    else if (value === "end-of-candidates") endOfCandidates = true;
    if (candidates.length > maxCandidates) throw new WireError(`trickle message: over ${maxCandidates} candidates`);
  }
  return { ufrag, candidates, endOfCandidates };
}

/** `ice-ufrag` of an offer. */
export function ufragOf(sdp: string): string | undefined {
  return /^a=ice-ufrag:([\w+/]{4,256})\s*$/m.exec(sdp)?.[1];
}

function token(text: string): string {
  if (!/^[!#-'*+\-.0-9A-Z^-~/]{1,256}$/.test(text)) throw new WireError("trickle message: not a token");
  return text;
}

/** `candidate:` with foundation, component, transport, priority, address, port, `typ` and a type (RFC 8839, 5.1). */
function checkCandidate(value: string): string {
  const shape =
    /^candidate:[\w+/]{1,32} \d{1,5} (udp|tcp) \d{1,10} [\w.:%-]{1,253} \d{1,5} typ [a-z]+( [\x21-\x7e]+)*$/i;
  if (!shape.test(value)) throw new WireError("trickle message: not a candidate");
  return value;
}
