import type { Hub } from "../../hub/hub.ts";
import type { FairSending } from "../../protocols/rtp/fair-sending.ts";
import type { Seldom } from "../../util/seldom.ts";
import type { Admission } from "../admission.ts";
import type { Access } from "./access.ts";
import type { RtspConfig } from "./config.ts";
import type { SharedPackets } from "./shared-packets.ts";

/** What all connections of the surface share. */
export interface Desk {
  readonly hub: Hub;
  readonly config: RtspConfig;
  readonly access: Access;
  readonly packets: SharedPackets;
  /** Turns among all that is sent, so that a key frame for many holds up nothing else. */
  readonly queue: FairSending;
  /** Places for viewers, the same as for browsers. */
  readonly admission: Admission;
  readonly counters: RtspCounters;
  /** Which refusals are worth a line. */
  readonly news: Seldom;
}

/** Monotonic counters of the surface. */
export interface RtspCounters {
  sessions: number;
  packets: number;
  bytes: number;
  /** Frames that were left out because a reader was slow. */
  dropped: number;
  /** Requests that were refused, by status. */
  readonly refused: Map<number, number>;
}
