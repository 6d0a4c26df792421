import { isIPv4, isIPv6, type SocketAddress } from "node:net";
import { WireError } from "../../../util/errors.ts";
import { wireLimits } from "./wire.ts";

/** An IP address and a port. */
export type Endpoint = Pick<SocketAddress, "address" | "port">;

/** Builds one message for the engine (WIRE.md). */
export class MessageWriter {
  #bytes: Buffer;
  #at = 5;

  /** `size` is a guess at the length; it grows when that was too short. */
  constructor(code: number, size = 256) {
    this.#bytes = Buffer.allocUnsafe(size + 5);
    this.#bytes[4] = code;
  }

  u8(value: number): this {
    this.#need(1);
    this.#at = this.#bytes.writeUInt8(value, this.#at);
    return this;
  }

  u16(value: number): this {
    this.#need(2);
    this.#at = this.#bytes.writeUInt16LE(value, this.#at);
    return this;
  }

  u32(value: number): this {
    this.#need(4);
    this.#at = this.#bytes.writeUInt32LE(value, this.#at);
    return this;
  }

  /** An integer of at most 53 bits. */
  i64(value: number): this {
    this.#need(8);
    this.#bytes.writeUInt32LE(value >>> 0, this.#at);
    this.#at = this.#bytes.writeInt32LE(Math.floor(value / 2 ** 32), this.#at + 4);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#need(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /** Throws WireError beyond 255 bytes. */
  text(value: string | Uint8Array): this {
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    if (bytes.length > 255) throw new WireError(`engine: a text of ${bytes.length} bytes`);
    return this.u8(bytes.length).bytes(bytes);
  }

  address({ address, port }: Endpoint): this {
    const bytes = addressBytes(address);
    return this.u8(bytes.length).bytes(bytes).u16(port);
  }

  /** The message, in bytes of its own. Throws WireError when it is longer than the engine takes. */
  finish(): Buffer {
    if (this.#at - 4 > wireLimits.messageBytes) throw new WireError(`engine: a message of ${this.#at} bytes`);
    this.#bytes.writeUInt32LE(this.#at - 4, 0);
    return this.#bytes.subarray(0, this.#at);
  }

  #need(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe((this.#at + bytes) * 2);
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}

/** 4 or 16 bytes. Throws WireError for what is no IP address. */
function addressBytes(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split("."), Number);
  if (!isIPv6(address) || address.includes("%")) throw new WireError(`engine: no IP address: ${address}`);
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const hex = (high: string, low: string) => ((Number(high) << 8) | Number(low)).toString(16);
  const plain = dotted ? `${dotted[1]}${hex(dotted[2]!, dotted[3]!)}:${hex(dotted[4]!, dotted[5]!)}` : address;
  const [head = "", tail] = plain.split("::");
  const groups = (part: string) => part.split(":").filter((group) => group !== "");
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(missing).fill("0"), ...groups(tail ?? "")];
  return Uint8Array.from(all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]));
}

/** Takes fields off a message of the engine. Throws WireError when it is too short. */
export class MessageReader {
  readonly code: number;
  readonly #bytes: Buffer;
  #at = 1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.code = bytes[0] ?? 0;
  }

  u8(): number {
    return this.#take(1).readUInt8();
  }

  u16(): number {
    return this.#take(2).readUInt16LE();
  }

  u32(): number {
    return this.#take(4).readUInt32LE();
  }

  /** An integer of at most 53 bits. */
  i64(): number {
    return Number(this.#take(8).readBigInt64LE());
  }

  u64(): number {
    return Number(this.#take(8).readBigUInt64LE());
  }

  /** Bytes of a `text`. */
  short(): Buffer {
    return this.#take(this.u8());
  }

  text(): string {
    return this.short().toString("utf8");
  }

  long(): string {
    return this.#take(this.u16()).toString("utf8");
  }

  /** So many bytes, as a view. */
  take(bytes: number): Buffer {
    return this.#take(bytes);
  }

  rest(): Buffer {
    return this.#take(this.#bytes.length - this.#at);
  }

  address(): Endpoint {
    const bytes = this.short();
    const groups = Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
    return { address: bytes.length === 4 ? bytes.join(".") : groups.join(":"), port: this.u16() };
  }

  #take(bytes: number): Buffer {
    if (this.#at + bytes > this.#bytes.length) throw new WireError("engine: a message is too short");
    this.#at += bytes;
    return this.#bytes.subarray(this.#at - bytes, this.#at);
  }
}

/** Longest message of the engine: a packet of sound or a sentence. */
const maxFromEngineBytes = 64 * 1024;
/** A length and a code. */
const headBytes = 5;

/** Cuts what the other side writes into messages. Throws WireError when a length is absurd. */
export class MessageSplitter {
  /** Pieces of what is not whole yet: put together once, when it is. */
  #kept: Buffer[] = [];
  #keptBytes = 0;
  /** So much has to be there before there is anything to do. */
  #wanted = headBytes;
  readonly #maxBytes: number;

  /** `maxBytes` bounds a message; 64 KiB, as the engine's, by default. */
  constructor(maxBytes = maxFromEngineBytes) {
    this.#maxBytes = maxBytes;
  }

  /** The messages that are whole now; they are views of the chunk, or of bytes of their own. */
  push(chunk: Buffer): MessageReader[] {
    this.#kept.push(chunk);
    this.#keptBytes += chunk.length;
    if (this.#keptBytes < this.#wanted) return [];
    const bytes = this.#kept.length === 1 ? chunk : Buffer.concat(this.#kept, this.#keptBytes);
    const messages: MessageReader[] = [];
    let at = 0;
    this.#wanted = headBytes;
    while (bytes.length - at >= headBytes) {
      const length = bytes.readUInt32LE(at);
      if (length === 0 || length > this.#maxBytes) throw new WireError(`engine: a message of ${length} bytes`);
      this.#wanted = 4 + length;
      if (bytes.length - at < this.#wanted) break;
      messages.push(new MessageReader(bytes.subarray(at + 4, at + 4 + length)));
      at += 4 + length;
      this.#wanted = headBytes;
    }
    this.#kept = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#keptBytes = bytes.length - at;
    return messages;
  }
}
