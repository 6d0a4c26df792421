import { WireError } from "../../util/errors.ts";

const silkUs = [10_000, 20_000, 40_000, 60_000];
const hybridUs = [10_000, 20_000];
const celtUs = [2500, 5000, 10_000, 20_000];
const longestUs = 120_000;

/**
 * How long an Opus packet lasts, in microseconds, from its first bytes (RFC 6716, 3.1 and 3.2).
 *
 *      0 1 2 3 4 5 6 7
 *     | config  |s| c |   config: mode and frame size; s: stereo; c: 1, 2, 2 or (next byte) M frames
 *
 * Throws WireError for an empty packet and for one that claims no frame or more than 120 ms.
 */
export function opusPacketDurationUs(packet: Uint8Array): number {
  const toc = packet[0];
  if (toc === undefined) throw new WireError("Opus: empty packet");
  const durationUs = frameDurationUs(toc >> 3) * frameCount(packet, toc & 3);
  if (durationUs === 0 || durationUs > longestUs) throw new WireError(`Opus: a packet of ${durationUs} µs`);
  return durationUs;
}

function frameDurationUs(config: number): number {
  if (config < 12) return silkUs[config & 3]!;
  return config < 16 ? hybridUs[config & 1]! : celtUs[config & 3]!;
}

function frameCount(packet: Uint8Array, code: number): number {
  if (code === 0) return 1;
  if (code < 3) return 2;
  if (packet[1] === undefined) throw new WireError("Opus: cut before its frame count");
  return packet[1] & 0x3f;
}
