/** What a player can tell about its stream, over the time since the last look. */
export interface Numbers {
  readonly framesPerSecond?: number;
  readonly bitrateBps?: number;
  /** From the hub's sending to this screen, as far as this browser can tell: half a round trip, buffer and decoding. */
  readonly latencyMs?: number;
  readonly framesDropped?: number;
  readonly packetsLost?: number;
  readonly widthPx?: number;
  readonly heightPx?: number;
}

/** Takes the difference between two looks at `RTCPeerConnection.getStats`. */
export class NumbersTaker {
  #before: InboundVideo | undefined;
  #beforeMs = 0;

  /** Reads the peer's counters; cheap enough for once a second. */
  async take(peer: RTCPeerConnection): Promise<Numbers> {
    const report = await peer.getStats();
    let now: InboundVideo | undefined;
    let roundTripMs = 0;
    report.forEach((entry: RTCStats) => {
      if (entry.type === "inbound-rtp" && (entry as InboundVideo).kind === "video") now = entry as InboundVideo;
      const pair = entry as RTCIceCandidatePairStats;
      if (entry.type === "candidate-pair" && pair.nominated) roundTripMs = (pair.currentRoundTripTime ?? 0) * 1000;
    });
    if (!now) return {};
    const before = this.#before;
    const ms = now.timestamp - this.#beforeMs;
    this.#before = now;
    this.#beforeMs = now.timestamp;
    const fixed = {
      widthPx: now.frameWidth,
      heightPx: now.frameHeight,
      framesDropped: now.framesDropped,
      packetsLost: now.packetsLost,
    };
    if (!before || ms < 200) return fixed;
    const decoded = now.framesDecoded - before.framesDecoded;
    const emitted = now.jitterBufferEmittedCount - before.jitterBufferEmittedCount;
    const bufferMs = emitted > 0 ? ((now.jitterBufferDelay - before.jitterBufferDelay) / emitted) * 1000 : 0;
    const decodeMs = decoded > 0 ? ((now.totalDecodeTime - before.totalDecodeTime) / decoded) * 1000 : 0;
    return {
      ...fixed,
      framesPerSecond: (decoded / ms) * 1000,
      bitrateBps: ((now.bytesReceived - before.bytesReceived) * 8000) / ms,
      latencyMs: decoded > 0 ? bufferMs + decodeMs + roundTripMs / 2 : undefined,
    };
  }
}

interface InboundVideo extends RTCStats {
  readonly kind: string;
  readonly bytesReceived: number;
  readonly framesDecoded: number;
  readonly framesDropped: number;
  readonly packetsLost: number;
  readonly jitterBufferDelay: number;
  readonly jitterBufferEmittedCount: number;
  readonly totalDecodeTime: number;
  readonly frameWidth?: number;
  readonly frameHeight?: number;
}
