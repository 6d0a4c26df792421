const secondsFrom1900To1970 = 2_208_988_800;

/** 64-bit NTP time (RFC 5905) of microseconds since 1970. */
export function ntpTime(us: number): bigint {
  const seconds = Math.floor(us / 1e6);
  const fraction = Math.floor(((us - seconds * 1e6) * 2 ** 32) / 1e6);
  return (BigInt(seconds + secondsFrom1900To1970) << 32n) | BigInt(fraction);
}

/** Milliseconds since 1970 of microseconds since 1900. */
export function unixMs(ntpUs: number): number {
  return ntpUs / 1e3 - secondsFrom1900To1970 * 1e3;
}

/** Its middle 32 bits, as reports quote it (RFC 3550, 6.4.1). */
export function ntpMiddle(ntp: bigint): number {
  return Number((ntp >> 16n) & 0xffff_ffffn);
}
