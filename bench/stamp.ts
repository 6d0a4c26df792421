import { machineUs } from "../src/workers/webrtc/child/time.ts";

/** Digits at the end of a frame: when it was sent, on the machine's clock in µs. */
const stampDigits = 16;

/** Writes the time into the end of a frame or packet. */
export function stamp(unit: Uint8Array): void {
  const text = String(machineUs()).padStart(stampDigits, "0");
  Buffer.from(unit.buffer, unit.byteOffset, unit.length).write(text, unit.length - stampDigits, "latin1");
}

/** The time at a unit's end, in µs; NaN where there is none. */
export function stampOf(unit: Uint8Array): number {
  return Number(Buffer.from(unit.buffer, unit.byteOffset + unit.length - stampDigits, stampDigits).toString("latin1"));
}
