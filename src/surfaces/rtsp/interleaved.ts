import type { Duplex } from "node:stream";
import { isRtcp } from "../../protocols/rtp/rtcp.ts";
import type { PacketSink } from "../../protocols/rtp/sender.ts";

/** Bytes that may wait for a client that reads slowly; beyond them its sender waits, and drops by its own rules. */
const maxWaitingBytes = 256 * 1024;
/** A client that asks on and on and reads no answers is given up when so much waits for it: media alone never come so far. */
const maxUnreadBytes = 1024 * 1024;
const frameHeaderBytes = 4;
const rtpHeaderBytes = 12;
const dollar = 0x24;

/**
 * Packets on the connection itself (RFC 2326, 10.12). Those of one turn of the event loop leave in one write, of which the
 * headers are this client's own and the rest is shared.
 */
export class Interleaved {
  #parts: Uint8Array[] = [];
  #bytes = 0;
  readonly #socket: Duplex;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** Bytes that have not left yet. */
  get waitingBytes(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  /** What is sent on a pair of channels, one for RTP and one for RTCP. Sending throws when the connection is gone. */
  sinks(rtp: number, rtcp: number): PacketSink {
    return { sendMessageBinary: (packet) => this.#send(isRtcp(packet) ? rtcp : rtp, packet) };
  }

  /** Writes something else, behind what was sent before. Ends the connection when more than 1 MiB would wait. */
  write(bytes: Uint8Array): void {
    this.#flush();
    if (this.waitingBytes + bytes.length > maxUnreadBytes) this.#socket.destroy();
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  #send(channel: number, packet: Uint8Array): boolean {
    if (!this.#socket.writable) throw new Error("the connection is gone");
    if (this.waitingBytes > maxWaitingBytes) return false;
    const own = Math.min(rtpHeaderBytes, packet.length);
    const head = Buffer.allocUnsafe(frameHeaderBytes + own);
    head[0] = dollar;
    head[1] = channel;
    head[2] = packet.length >> 8;
    head[3] = packet.length;
    head.set(packet.subarray(0, own), frameHeaderBytes);
    if (this.#parts.length === 0) process.nextTick(() => this.#flush());
    this.#parts.push(head, packet.subarray(own));
    this.#bytes += frameHeaderBytes + packet.length;
    return true;
  }

  #flush(): void {
    if (this.#parts.length === 0) return;
    const bytes = Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
    if (this.#socket.writable) this.#socket.write(bytes);
  }
}
