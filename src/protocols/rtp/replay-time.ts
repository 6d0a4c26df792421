/** The profile of ONVIF's header extension (ONVIF Streaming Specification, 6.3): NTP time, flags, a sequence number. */
const onvifProfile = 0xabac;

/**
 * When what a packet carries was taken, as 64-bit NTP time, where its header has ONVIF's extension: recorders send it with
 * recordings, some cameras always. Undefined for every other packet, also for one that is cut.
 */
export function replayTime(bytes: Uint8Array): bigint | undefined {
  const first = bytes[0] ?? 0;
  if ((first & 0x10) === 0) return undefined;
  const at = 12 + (first & 0x0f) * 4;
  if (at + 12 > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(at) !== onvifProfile || view.getUint16(at + 2) < 2) return undefined;
  return view.getBigUint64(at + 4);
}
