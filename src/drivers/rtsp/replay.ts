import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { RtspRequest } from "../../protocols/rtsp/message.ts";
import { serializeFrame } from "../../protocols/rtsp/message.ts";
import { RtspParser } from "../../protocols/rtsp/parser.ts";
import { parseTransports } from "../../protocols/rtsp/transport-header.ts";
import type { Clock } from "../../util/clock.ts";
import { WireError } from "../../util/errors.ts";
import type { ReportEvent, RtspReport } from "./report.ts";
import { addressMark } from "./scrub.ts";

/** Options of {@link startReplay}. */
export interface ReplayOptions {
  readonly clock: Clock;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
}

/** A fake camera that does what a report tells. Its owner disposes it. */
export interface Replay extends AsyncDisposable {
  readonly address: string;
  /** The camera asked for a password: any will do here. */
  readonly asksPassword: boolean;
}

/** One request of the hub, and what the camera sent until the next one. */
interface Exchange {
  readonly method: string;
  readonly cseq: string | undefined;
  readonly sentMs: number;
  readonly events: readonly ReportEvent[];
}

/** Plays a report back as a fake camera: each connection as one of the recorded ones, in turn; media again and again. */
export async function startReplay(report: RtspReport, options: ReplayOptions): Promise<Replay> {
  const scripts = report.connections.map(exchangesOf).filter((script) => script.length > 0);
  const players = new Set<Player>();
  let connections = 0;
  const server: Server = createServer((socket) => {
    const script = scripts[Math.min(connections++, scripts.length - 1)] ?? [];
    const player = new Player(socket, { script, clock: options.clock, name: nameOf(server) });
    players.add(player);
    socket.on("close", () => {
      player[Symbol.dispose]();
      players.delete(player);
    });
  });
  server.listen({ host: options.host ?? "127.0.0.1", port: options.port ?? 0 });
  await once(server, "listening");
  const texts = report.connections.flat().flatMap((event) => ("text" in event ? [event] : []));
  return {
    address: `rtsp://${nameOf(server)}${pathOf(texts.find(({ from }) => from === "hub")?.text ?? "")}`,
    asksPassword: texts.some(({ from, text }) => from === "camera" && /^RTSP\S* +401/i.test(text)),
    [Symbol.asyncDispose]: async () => {
      for (const player of players) player[Symbol.dispose]();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

function nameOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}

function pathOf(request: string): string {
  return /^\S+ \w+:\/\/[^/\s]*(\/\S*)/.exec(request)?.[1] ?? "/";
}

function exchangesOf(events: readonly ReportEvent[]): Exchange[] {
  const exchanges: { method: string; cseq: string | undefined; sentMs: number; events: ReportEvent[] }[] = [];
  for (const event of events) {
    if ("text" in event && event.from === "hub" && !/^RTSP\//i.test(event.text)) {
      const method = /^\S+/.exec(event.text)?.[0] ?? "";
      exchanges.push({ method, cseq: cseqOf(event.text), sentMs: event.ms, events: [] });
    } else if (!("text" in event && event.from === "hub")) exchanges.at(-1)?.events.push(event);
  }
  return exchanges;
}

function cseqOf(text: string): string | undefined {
  return /^CSeq\s*:\s*(\S+)/im.exec(text)?.[1];
}

class Player implements Disposable {
  #next = 0;
  /** Packets of all exchanges from PLAY on, to be played again. */
  #loop: readonly ReportEvent[] = [];
  readonly #timers = new Set<Disposable>();
  /** Where datagrams of each medium go. */
  readonly #ports: (readonly [number, number])[] = [];
  #udp: UdpSocket | undefined;
  readonly #parser = new RtspParser();
  readonly #socket: Socket;
  readonly #made: { readonly script: readonly Exchange[]; readonly clock: Clock; readonly name: string };

  constructor(
    socket: Socket,
    made: { readonly script: readonly Exchange[]; readonly clock: Clock; readonly name: string },
  ) {
    this.#socket = socket;
    this.#made = made;
    socket.on("error", () => {}); // "close" follows
    socket.on("data", (chunk: Uint8Array) => this.#receive(chunk));
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#timers.clear();
    this.#udp?.close();
    this.#udp = undefined;
    this.#socket.destroy();
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const message of this.#parser.push(chunk)) if (message.kind === "request") this.#serve(message);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#socket.destroy();
    }
  }

  #serve(request: RtspRequest): void {
    const { script } = this.#made;
    const ports = parseTransports(request.headers.get("Transport") ?? "")[0]?.clientPorts;
    if (request.method === "SETUP" && ports) this.#ports.push(ports);
    let index = script.findIndex(({ method }, i) => i >= this.#next && method === request.method);
    if (index < 0) index = script.findLastIndex(({ method }) => method === request.method);
    const exchange = script[index];
    if (!exchange) {
      this.#write(`RTSP/1.0 200 OK\r\nCSeq: ${request.headers.get("CSeq") ?? ""}\r\n\r\n`);
      return;
    }
    this.#next = Math.max(this.#next, index + 1);
    for (const event of exchange.events)
      this.#later(event.ms - exchange.sentMs, () => this.#send(event, { exchange, request }));
    if (request.method === "PLAY" && this.#loop.length === 0) this.#playAgain(script.slice(index));
  }

  /** Media of this exchange and those that follow comes again when it is over, its numbers and times going on. */
  #playAgain(exchanges: readonly Exchange[]): void {
    const events = exchanges.flatMap(({ events }) => events).filter((event) => "bytes" in event);
    this.#loop = events;
    const [first] = events;
    const last = events.at(-1);
    if (!first || !last) return;
    const spanMs = last.ms - first.ms + 40;
    const offsetMs = first.ms - (exchanges[0]?.sentMs ?? 0);
    const round = (n: number): void => {
      // The first round is sent by the exchanges themselves as far as they are asked for; keep-alives may come late.
      for (const event of events) {
        if (n === 0 && exchanges[0]?.events.includes(event)) continue;
        this.#later(event.ms - first.ms, () => this.#packet(event, { round: n, spanMs }));
      }
      this.#later(spanMs, () => round(n + 1));
    };
    this.#later(offsetMs, () => round(0));
  }

  #send(event: ReportEvent, context: { readonly exchange: Exchange; readonly request: RtspRequest }): void {
    if ("text" in event) this.#write(this.#text(event.text, context));
    else if ("noise" in event) this.#write(Buffer.from(event.noise, "base64"));
    else if (context.request.method !== "GET_PARAMETER" && context.request.method !== "OPTIONS") {
      this.#packet(event, { round: 0, spanMs: 0 });
    }
  }

  /** A recorded answer to another request of the same kind: its number, the address and the length are made to fit. */
  #text(text: string, { exchange, request }: { readonly exchange: Exchange; readonly request: RtspRequest }): string {
    const echoed = exchange.cseq !== undefined && cseqOf(text) === exchange.cseq;
    const numbered = echoed
      ? text.replace(/^(CSeq\s*:\s*)\S+/im, (_, name: string) => `${name}${request.headers.get("CSeq") ?? ""}`)
      : text;
    const [head = "", ...rest] = numbered.split(/(?<=\r?\n\r?\n)/);
    const body = rest.join("");
    const full = body.replaceAll(addressMark, this.#made.name);
    const grown = full.length - body.length;
    return (
      head
        .replaceAll(addressMark, this.#made.name)
        .replace(
          /^(Content-Length\s*:\s*)(\d+)/im,
          (_, name: string, length: string) => `${name}${Number(length) + grown}`,
        ) + full
    );
  }

  #packet(event: ReportEvent, again: { readonly round: number; readonly spanMs: number }): void {
    if (!("bytes" in event)) return;
    const bytes = Buffer.from(event.bytes, "base64");
    if (again.round > 0 && bytes.length >= 12 && !isReport(bytes)) this.#continue(bytes, event, again);
    if ("channel" in event) this.#write(serializeFrame(event.channel, bytes));
    else {
      const port = this.#ports[event.medium]?.[event.rtcp ? 1 : 0];
      this.#udp ??= createSocket(this.#socket.remoteFamily === "IPv6" ? "udp6" : "udp4").on("error", () => {});
      if (port !== undefined) this.#udp.send(bytes, port, this.#socket.remoteAddress);
    }
  }

  #continue(bytes: Buffer, event: ReportEvent, again: { readonly round: number; readonly spanMs: number }): void {
    const sameStream = this.#loop.filter((other) => "bytes" in other && keyOf(other) === keyOf(event)).length;
    bytes.writeUInt16BE((bytes.readUInt16BE(2) + again.round * sameStream) & 0xffff, 2);
    const ticks = Math.round(again.spanMs * 90) * again.round;
    bytes.writeUInt32BE((bytes.readUInt32BE(4) + ticks) >>> 0, 4);
  }

  #write(bytes: string | Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  #later(ms: number, run: () => void): void {
    if (ms <= 0) {
      run();
      return;
    }
    const timer = this.#made.clock.timer(ms, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
  }
}

/** Sender reports and their kin (RFC 3550, 12.1). */
function isReport(bytes: Uint8Array): boolean {
  return (bytes[1] as number) >= 200 && (bytes[1] as number) <= 204;
}

function keyOf(event: ReportEvent): string {
  if ("channel" in event) return `channel ${event.channel}`;
  return "medium" in event ? `medium ${event.medium} ${event.rtcp}` : "";
}
