import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type Challenge, formatChallenge, verifyAuthorization } from "../../protocols/rtsp/auth.ts";
import type { Clock } from "../../util/clock.ts";
import { createServer } from "../../util/node-http.ts";
import { https } from "../../util/node-tls.ts";

/** Options of {@link startFakeMjpeg}. */
export interface FakeMjpegOptions {
  readonly clock: Clock;
  /** Served in a loop. */
  readonly files: readonly Uint8Array[];
  readonly everyMs?: number;
  /** One picture for each request in place of a stream. */
  readonly single?: boolean;
  readonly login?: { readonly username: string; readonly password: string };
  /** HTTPS, with this certificate. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** What a part is wrapped in; by default a boundary, its kind and its length. */
  readonly wrap?: (file: Uint8Array) => readonly Uint8Array[];
}

const challenge: Challenge = {
  ...{ scheme: "digest", realm: "camera", nonce: "a1b2c3" },
  ...{ algorithm: "MD5", qop: "auth", stale: false },
};

/** A camera that serves JPEG pictures by HTTP. */
export class FakeMjpeg implements AsyncDisposable {
  readonly counters = { connections: 0, requests: 0, refused: 0 };
  #server: Server;
  #port = 0;
  readonly #sockets = new Set<Socket>();
  readonly #options: FakeMjpegOptions;

  constructor(options: FakeMjpegOptions) {
    this.#options = options;
    this.#server = this.#serve();
  }

  get address(): string {
    return `${this.#options.tls ? "https" : "http"}://127.0.0.1:${this.#port}/video.mjpg`;
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size;
  }

  async start(): Promise<void> {
    const listening = Promise.withResolvers<void>();
    this.#server.listen(this.#port, "127.0.0.1", () => listening.resolve());
    await listening.promise;
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Drops everybody and serves again. */
  async reboot(): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.#server = this.#serve();
    await this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    for (const socket of this.#sockets) socket.destroy();
    await closed.promise;
  }

  #serve(): Server {
    const { tls } = this.#options;
    const onRequest = (request: IncomingMessage, answer: ServerResponse) => this.#answer(request, answer);
    const server = tls ? https().createServer(tls, onRequest) : createServer(onRequest);
    server.on("connection", (socket: Socket) => {
      this.counters.connections++;
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    return server;
  }

  #answer(request: IncomingMessage, answer: ServerResponse): void {
    this.counters.requests++;
    const { login, single, files } = this.#options;
    const header = request.headers.authorization ?? "";
    if (login && verifyAuthorization(header, { ...login, challenge, method: "GET" }) !== "right") {
      this.counters.refused++;
      answer.writeHead(401, { "www-authenticate": formatChallenge(challenge) }).end();
      return;
    }
    if (single)
      answer.writeHead(200, { "content-type": "image/jpeg" }).end(files[this.counters.requests % files.length]);
    else this.#stream(answer);
  }

  #stream(answer: ServerResponse): void {
    const { clock, files, everyMs = 40, wrap = wrapped } = this.#options;
    answer.writeHead(200, { "content-type": "multipart/x-mixed-replace; boundary=frame" });
    let timer: Disposable | undefined;
    let n = 0;
    const next = () => {
      for (const piece of wrap(files[n++ % files.length] ?? new Uint8Array())) answer.write(piece);
      timer = clock.timer(everyMs, next);
    };
    answer.on("close", () => timer?.[Symbol.dispose]());
    next();
  }
}

function wrapped(file: Uint8Array): readonly Uint8Array[] {
  const head = `--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${file.length}\r\n\r\n`;
  return [Buffer.from(head), file, Buffer.from("\r\n")];
}

/** Starts one on loopback. */
export async function startFakeMjpeg(options: FakeMjpegOptions): Promise<FakeMjpeg> {
  const fake = new FakeMjpeg(options);
  await fake.start();
  return fake;
}
