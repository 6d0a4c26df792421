import { machineUs } from "../src/workers/webrtc/child/time.ts";

/** Digits at the end of a frame, which bench/viewer.ts reads: when it was sent, on the machine's clock in µs. */
const stampDigits = 16;

/** Writes the time into the end of a frame or packet. */
export function stamp(unit: Uint8Array): void {
  const text = String(machineUs()).padStart(stampDigits, "0");
  Buffer.from(unit.buffer, unit.byteOffset, unit.length).write(text, unit.length - stampDigits, "latin1");
}
