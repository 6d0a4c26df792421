import type { QuirkCode } from "../../protocols/rtp/quirks.ts";
import type { SpeakerDescriptions } from "../../protocols/rtsp/choose-speaker.ts";
import type { RtspProtocol } from "../../protocols/rtsp/client.ts";
import type { KeepAliveMethod } from "../../protocols/rtsp/keep-alive.ts";
import type { RtspConfig } from "./config.ts";
import type { SpeakerWay } from "./speaker.ts";

/** What was learnt about a camera, for as long as its configuration stands. */
export interface Learnt {
  /** How its media arrived the last time. */
  protocol?: RtspProtocol;
  /** What it says of its speaker; "none" when it minds being asked. */
  speakers?: SpeakerDescriptions | "none";
  /** The picture was lost while the camera was asked for its speaker: it is asked before the next one. */
  askFirst?: boolean;
  /** How it lets itself be asked whether the session lives. */
  keepAlive?: KeepAliveMethod;
  /** What it does against the standards; told once. */
  quirks?: readonly QuirkCode[];
  /** How its speaker opens. */
  way?: SpeakerWay;
}

/** What worked the last time comes first, so that a camera that is deaf by TCP costs its five seconds once. */
export function protocolsOf(config: RtspConfig, learnt: Learnt): readonly RtspProtocol[] {
  if (config.transport !== "auto") return [config.transport];
  return learnt.protocol === "udp" ? ["udp", "tcp"] : ["tcp", "udp"];
}
