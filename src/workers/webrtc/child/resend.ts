import { RtcpNackResponder } from "node-datachannel";

/** How many of its last packets a viewer may ask for again. */
const keptPackets = 128;

/** Answers a viewer's NACKs (RFC 4585) with the packets that it was sent last. */
export function resendLost(): RtcpNackResponder {
  return new RtcpNackResponder(keptPackets);
}
