import type { DeviceMemory } from "../../device/driver.ts";
import { quirks as known, type QuirkCode } from "../../protocols/rtp/quirks.ts";
import type { StartMethod } from "../../protocols/rtsp/backchannel.ts";
import type { SpeakerDescriptions } from "../../protocols/rtsp/choose-speaker.ts";
import type { RtspProtocol } from "../../protocols/rtsp/client.ts";
import type { KeepAliveMethod } from "../../protocols/rtsp/keep-alive.ts";
import type { RtspConfig } from "./config.ts";
import type { SpeakerWay } from "./speaker.ts";

/** A guess that lasts until the hub restarts: then the camera is asked again. */
const guess = { lasting: false };

/** What was learnt about a camera, for as long as its configuration stands. */
export class Learnt {
  readonly #memory: DeviceMemory;

  constructor(memory: DeviceMemory) {
    this.#memory = memory;
  }

  /** How its media arrived the last time. */
  get protocol(): RtspProtocol | undefined {
    const protocol = this.#memory.get("protocol");
    return protocol === "tcp" || protocol === "udp" ? protocol : undefined;
  }

  set protocol(protocol: RtspProtocol) {
    this.#memory.set("protocol", protocol);
  }

  /** What it says of its speaker; "none" when it minds being asked. */
  get speakers(): SpeakerDescriptions | "none" | undefined {
    return this.#memory.get("speakers") as SpeakerDescriptions | "none" | undefined;
  }

  set speakers(speakers: SpeakerDescriptions | "none") {
    this.#memory.set("speakers", speakers, guess);
  }

  /** The picture was lost while the camera was asked for its speaker: it is asked before the next one. */
  get askFirst(): boolean {
    return this.#memory.get("askFirst") === true;
  }

  set askFirst(askFirst: boolean) {
    this.#memory.set("askFirst", askFirst, guess);
  }

  /** How it can be asked whether the session is alive. */
  get keepAlive(): KeepAliveMethod | undefined {
    const method = this.#memory.get("keepAlive");
    return method === "GET_PARAMETER" || method === "OPTIONS" || method === "none" ? method : undefined;
  }

  set keepAlive(method: KeepAliveMethod) {
    this.#memory.set("keepAlive", method);
  }

  /** What it does against the standards; told once. */
  get quirks(): readonly QuirkCode[] {
    const kept = this.#memory.get("quirks");
    return Array.isArray(kept) ? kept.filter((code): code is QuirkCode => Object.hasOwn(known, code)) : [];
  }

  set quirks(quirks: readonly QuirkCode[]) {
    this.#memory.set("quirks", quirks);
  }

  /** How speech got to it the last time. */
  get talkProtocol(): RtspProtocol | undefined {
    const protocol = this.#memory.get("talkProtocol");
    return protocol === "tcp" || protocol === "udp" ? protocol : undefined;
  }

  set talkProtocol(protocol: RtspProtocol) {
    this.#memory.set("talkProtocol", protocol);
  }

  /** How its speaker was started the last time. */
  get talkStart(): StartMethod | undefined {
    const method = this.#memory.get("talkStart");
    return method === "PLAY" || method === "RECORD" ? method : undefined;
  }

  set talkStart(method: StartMethod) {
    this.#memory.set("talkStart", method);
  }

  /** How its speaker opens. */
  get way(): SpeakerWay | undefined {
    const way = this.#memory.get("way");
    return way === "beside" || way === "with-picture" || way === "alone" ? way : undefined;
  }

  set way(way: SpeakerWay) {
    this.#memory.set("way", way);
  }
}

/** What worked the last time comes first, so that a camera that is deaf by TCP costs its five seconds once. */
export function protocolsOf(
  config: Pick<RtspConfig, "transport">,
  worked: RtspProtocol | undefined,
): readonly RtspProtocol[] {
  if (config.transport !== "auto") return [config.transport];
  return worked === "udp" ? ["udp", "tcp"] : ["tcp", "udp"];
}
