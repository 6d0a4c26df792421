import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Options of {@link startGstServer}; see gst-rtsp-server.py. */
export interface GstServerOptions {
  readonly launch: string;
  /** Further pipelines, by their paths (`/stream1`). */
  readonly paths?: Readonly<Record<string, string>>;
  readonly backchannel?: string;
  readonly username?: string;
  readonly password?: string;
  /** By RTP/AVPF, so that it heeds wishes for key frames. */
  readonly feedback?: boolean;
  readonly protocols?: readonly ("tcp" | "udp")[];
  /** Where it serves; loopback, any port and `/cam` unless given. */
  readonly address?: string;
  readonly port?: number;
  readonly path?: string;
  /** Words before its command line, that run it in a network namespace. */
  readonly through?: readonly string[];
}

/** GStreamer's RTSP server in a process of its own. Disposing ends it. */
export interface GstServer extends AsyncDisposable {
  readonly address: string;
  readonly pid: number;
  /** Paths of `paths` that were opened by a client, in order. */
  readonly opened: readonly string[];
  /** What its back channel's `fdsink` writes. */
  readonly sound: Readable;
  /** Connections that ended so far. */
  gone(): number;
  /** Resolves when a connection has ended. */
  untilGone(): Promise<void>;
}

const packages =
  "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly gstreamer1.0-plugins-bad";

/** Starts Debian's gst-rtsp-server. Fails with a sentence that names the packages when it is not installed. */
export async function startGstServer(options: GstServerOptions): Promise<GstServer> {
  const script = `${import.meta.dirname}/gst-rtsp-server.py`;
  const { through = [], ...told } = options;
  const [command = "", ...args] = [...through, "/usr/bin/python3", script, JSON.stringify(told)];
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  child.on("error", () => {}); // "close" follows, and the sentence below is thrown
  let gone = 0;
  const left = Promise.withResolvers<void>();
  const said: string[] = [];
  const opened: string[] = [];
  const lines = createInterface(child.stderr);
  const port = await new Promise<number>((resolve, reject) => {
    lines.on("line", (line) => {
      said.push(line);
      if (line.startsWith("opened ")) opened.push(line.slice("opened ".length));
      if (line === "gone") {
        gone++;
        left.resolve();
      }
      const match = /^\{"port": (\d+)\}$/.exec(line);
      if (match) resolve(Number(match[1]));
    });
    child.on("close", () => reject(new Error(`this test needs the Debian packages ${packages}: ${said.join("\n")}`)));
  });
  return {
    address: `rtsp://${options.address ?? "127.0.0.1"}:${port}${options.path ?? "/cam"}`,
    pid: child.pid ?? 0,
    opened,
    sound: child.stdout,
    gone: () => gone,
    untilGone: () => left.promise,
    [Symbol.asyncDispose]: () => end(child),
  };
}

async function end(child: ChildProcessByStdio<null, Readable, Readable>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "close");
}
