import type { PeerConnection, Track } from "node-datachannel";

/** One who made an offer. */
export interface Offerer {
  readonly connection: PeerConnection;
  readonly track: Track;
}

/** The library races its peer as offerer: candidates of an answer go in once it is ready for them. */
export function takeAnswer(connection: PeerConnection, sdp: string): void {
  const isCandidate = (line: string) => line.startsWith("a=candidate:");
  const lines = sdp.split("\r\n");
  connection.setRemoteDescription(lines.filter((line) => !isCandidate(line)).join("\r\n"), "answer");
  const add = (candidates: readonly string[]): void => {
    try {
      for (const candidate of candidates) connection.addRemoteCandidate(candidate, "0");
    } catch {
      setTimeout(() => add(candidates), 10);
    }
  };
  add(lines.filter((line) => isCandidate(line) && line.includes(" 127.0.0.1 ")));
}

/** As offerer the library loses its connection now and then, before it is one: then it is given up. True when a new one is to be made. */
export function isLost(offerer: Offerer | undefined): boolean {
  if (!offerer || offerer.connection.state() === "connected") return false;
  offerer.track.close();
  offerer.connection.close();
  return true;
}
