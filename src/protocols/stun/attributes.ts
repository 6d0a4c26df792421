import { WireError } from "../../util/errors.ts";
import type { StunAttribute, StunMessage } from "./message.ts";
import { stunAttributes } from "./message.ts";

/** Where somebody is on the network. */
export interface StunAddress {
  readonly address: string;
  readonly port: number;
}

const cookieBytes = Buffer.from([0x21, 0x12, 0xa4, 0x42]);
const maxTextBytes = 763;

/** An attribute's bytes; undefined where the message has none. */
export function attributeOf(message: StunMessage, type: number): Uint8Array | undefined {
  return message.attributes.find((one) => one.type === type)?.value;
}

/** An attribute's text (realm, nonce). Throws WireError for one that is longer than RFC 8489 allows. */
export function textOf(message: StunMessage, type: number): string | undefined {
  const value = attributeOf(message, type);
  if (value && value.length > maxTextBytes) throw new WireError("a STUN text that is too long");
  return value && Buffer.from(value).toString("utf8");
}

/** The error of a response (RFC 8489, 14.8). Throws WireError. */
export function errorOf(message: StunMessage): { readonly code: number; readonly reason: string } | undefined {
  const value = attributeOf(message, stunAttributes.errorCode);
  if (!value) return undefined;
  const [, , hundreds, rest] = value;
  if (hundreds === undefined || rest === undefined || value.length > maxTextBytes) throw new WireError("no error code");
  return { code: (hundreds & 7) * 100 + rest, reason: Buffer.from(value.subarray(4)).toString("utf8") };
}

/** An address that is hidden from middleboxes (XOR-...-ADDRESS, RFC 8489, 14.2). Throws WireError. */
export function xorAddressOf(message: StunMessage, type: number): StunAddress | undefined {
  const value = attributeOf(message, type);
  if (!value) return undefined;
  const bytes = value[1] === 1 ? 4 : 16;
  if (value.length !== 4 + bytes || (value[1] !== 1 && value[1] !== 2)) throw new WireError("no address");
  const mask = Buffer.concat([cookieBytes, message.transactionId]);
  const plain = Buffer.from(value.subarray(4).map((byte, i) => byte ^ (mask[i] ?? 0)));
  const port = (((value[2] ?? 0) << 8) | (value[3] ?? 0)) ^ 0x2112;
  return { address: bytes === 4 ? plain.join(".") : ipv6(plain), port };
}

/** The same as an attribute, of IPv4. */
export function xorAddress(type: number, { address, port }: StunAddress): StunAttribute {
  const plain = Buffer.from(address.split(".").map(Number));
  const masked = plain.map((byte, i) => byte ^ (cookieBytes[i] ?? 0));
  const hidden = port ^ 0x2112;
  return { type, value: Uint8Array.from([0, 1, hidden >> 8, hidden & 0xff, ...masked]) };
}

function ipv6(bytes: Buffer): string {
  const words = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  return new URL(`http://[${words.join(":")}]`).hostname.slice(1, -1);
}
