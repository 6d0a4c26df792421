import { createHash } from "node:crypto";

/** How much of a sender stands in MQTT's topics: its last four bytes. */
const shortDigits = 8;

/**
 * The sender that a station's firmware makes of its network card: the six bytes of its address, then the sums (exclusive
 * or) of every other one. Throws TypeError for another number of bytes.
 */
export function senderOfCard(mac: Uint8Array): string {
  if (mac.length !== 6) throw new TypeError(`a network card's address has 6 bytes, not ${mac.length}`);
  const sum = (first: number) => mac[first]! ^ mac[first + 2]! ^ mac[first + 4]!;
  return Buffer.from([...mac, sum(0), sum(1)]).toString("hex");
}

/** A sender made of a name that is unique to an installation, e.g. a host's: the first eight bytes of its MD5 digest. */
export function senderOfName(name: string): string {
  return createHash("md5").update(name).digest("hex").slice(0, 16);
}

/** The station's id in MQTT: `intercom_` and the last four bytes of its sender. */
export function stationIdOf(sender: string): string {
  return `intercom_${sender.slice(-shortDigits)}`;
}

/** Longest name of a station in topics. */
const maxId = 64;

/** The station for which a device of a hub stands. */
export function deviceStationId(hubId: string, deviceId: string): string {
  return `${hubId}_${deviceId.replaceAll("-", "_")}`.slice(0, maxId);
}
