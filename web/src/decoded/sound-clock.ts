/** NTP counts from 1900. */
const ntpToUnixMs = 2_208_988_800_000;

/** Less is not heard. */
const leastMoveMs = 40;
/** Longer is not kept. */
const mostKeptMs = 1000;

interface InboundSound extends RTCStats {
  readonly kind: string;
  readonly jitterBufferDelay: number;
  readonly jitterBufferEmittedCount: number;
  readonly estimatedPlayoutTimestamp?: number;
}

/** Says how late the sound of a connection is heard, and makes it later. */
export class SoundClock {
  #before = { delayS: 0, emitted: 0 };
  #kept: number | undefined;
  #target = 0;
  readonly #peer: RTCPeerConnection;

  constructor(peer: RTCPeerConnection) {
    this.#peer = peer;
  }

  /**
   * How long ago what is heard now was at the hub, ms; by the reports of its sender where this browser says what it plays
   * (`sinceHub` turns the hub's time into that), else by how long it is kept here. Undefined while nothing is heard.
   */
  async delayMs(sinceHub: (timeMs: number) => number): Promise<number | undefined> {
    const report = await this.#peer.getStats();
    let sound: InboundSound | undefined;
    let roundTripMs = 0;
    report.forEach((entry: RTCStats) => {
      if (entry.type === "inbound-rtp" && (entry as InboundSound).kind === "audio") sound = entry as InboundSound;
      const pair = entry as RTCIceCandidatePairStats;
      if (entry.type === "candidate-pair" && pair.nominated) roundTripMs = (pair.currentRoundTripTime ?? 0) * 1000;
    });
    if (!sound) return undefined;
    this.#kept = this.#keptMs(sound);
    const { estimatedPlayoutTimestamp: playedMs } = sound;
    if (playedMs) return sinceHub(playedMs > ntpToUnixMs ? playedMs - ntpToUnixMs : playedMs);
    return this.#kept === undefined ? undefined : this.#kept + roundTripMs / 2;
  }

  /** It is to be heard so much later than it is now (or earlier), as far as this browser does that. */
  move(byMs: number): void {
    if (Math.abs(byMs) < leastMoveMs || this.#kept === undefined) return;
    const target = Math.round(Math.max(0, Math.min(mostKeptMs, this.#kept + byMs)));
    if (target === this.#target) return;
    this.#target = target;
    for (const receiver of this.#peer.getReceivers())
      if (receiver.track.kind === "audio" && "jitterBufferTarget" in receiver) receiver.jitterBufferTarget = target;
  }

  #keptMs({ jitterBufferDelay, jitterBufferEmittedCount }: InboundSound): number | undefined {
    const emitted = jitterBufferEmittedCount - this.#before.emitted;
    const delayS = jitterBufferDelay - this.#before.delayS;
    this.#before = { delayS: jitterBufferDelay, emitted: jitterBufferEmittedCount };
    return emitted > 0 ? (delayS / emitted) * 1000 : undefined;
  }
}
