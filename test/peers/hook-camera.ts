import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { promisify } from "node:util";
import { systemClock } from "../../src/util/clock.ts";
import { isAbort } from "../../src/util/errors.ts";
import { within } from "../within.ts";

const execute = promisify(execFile);
const folder = join(import.meta.dirname, "..", "..", "native", "camera-hook");
const sysroot = "/usr/mipsel-linux-gnu";

/** Programs that are needed and the Debian packages that hold them. */
const programs = {
  make: "make",
  "mipsel-linux-gnu-gcc": "gcc-mipsel-linux-gnu, libc6-dev-mipsel-cross",
  "qemu-mipsel": "qemu-user",
};

async function requirePrograms(): Promise<void> {
  for (const [program, name] of Object.entries(programs)) {
    await execute("sh", ["-c", 'command -v "$0"', program]).catch((error: unknown) => {
      throw new Error(`this test needs ${program}: install the Debian package ${name}`, { cause: error });
    });
  }
}

/** The camera's own library, and a firmware of ours with a stub of the vendor's library. */
export interface HookBuild extends AsyncDisposable {
  readonly folder: string;
}

/**
 * Builds hook and firmware for the camera into a folder of their own, since the hook's own tests may build at the same
 * time. Takes some 3 s. Fails with a sentence that names the Debian package when a program is not installed.
 */
export async function buildHook(): Promise<HookBuild> {
  await requirePrograms();
  const built = await mkdtemp(join(tmpdir(), "doorward-hook-"));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rm(built, { recursive: true, force: true }));
  const options = { cwd: folder };
  await execute("make", [`BUILD=${built}`, "camera"], options);
  const flags = ["-std=c11", "-D_GNU_SOURCE", "-O1"];
  const library = ["-fPIC", "-shared", "test/stub_imp.c", "test/es.c", "-o", join(built, "libimp.so"), "-lpthread"];
  await execute("mipsel-linux-gnu-gcc", [...flags, ...library], options);
  const linked = [`-L${built}`, "-limp", "-Wl,-rpath,$ORIGIN", "-lpthread"];
  const firmware = ["test/firmware.c", "-o", join(built, "firmware"), ...linked];
  await execute("mipsel-linux-gnu-gcc", [...flags, ...firmware], options);
  const owned = opened.move();
  return { folder: built, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Options of {@link startHookCamera}. */
export interface HookCameraOptions {
  readonly build: HookBuild;
  readonly codec: "h264" | "h265";
  /** Annex B; shown again and again. At most 256 frames. */
  readonly clip: Uint8Array;
  /** The test's own: when it is over the firmware is ended, even if the test hangs and disposes nothing. */
  readonly signal: AbortSignal;
  /** More settings of the hook (STREAM_HACK_...) and the stub (STUB_...). */
  readonly env?: Readonly<Record<string, string>>;
  /** Those of a camera that was before, for one that starts again; free ones by default. */
  readonly ports?: HookCamera["ports"];
}

/**
 * A camera's firmware with the hook in front of the vendor's library, on the camera's instruction set. It does nothing
 * by itself: the test tells it when it fetches a picture or a block of sound.
 */
export class HookCamera implements AsyncDisposable {
  readonly ports: { readonly video: number; readonly sound: number; readonly health: number };
  /** When each picture was fetched, µs of the system's clock. */
  readonly fetchedUs: number[] = [];
  #asked: Promise<unknown> = Promise.resolve();
  readonly #over = new AbortController();
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;
  readonly #ended: Promise<unknown>;

  constructor(child: ChildProcessByStdio<Writable, Readable, null>, ports: HookCamera["ports"]) {
    this.#child = child;
    this.ports = ports;
    this.#ended = once(child, "exit");
    child.stdin.on("error", () => {}); // the firmware's end is told by its missing answers
    this.#lines = createInterface(child.stdout);
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /** What the drivers' configurations need to find it. */
  get config(): { readonly address: string; readonly soundPort: number; readonly healthPort: number } {
    const { video, sound, health } = this.ports;
    return { address: `ingenic://127.0.0.1:${video}`, soundPort: sound, healthPort: health };
  }

  /** Gives the firmware a command (firmware.c) and waits for its answer. */
  ask(command: string): Promise<string> {
    const answer = this.#asked.then(async () => {
      this.#child.stdin.write(`${command}\n`);
      const { value, done } = await within(`the firmware's answer to ${command}`, this.#answers.next());
      if (done) throw new Error(`the firmware has ended before it answered ${command}`);
      return value;
    });
    this.#asked = answer.catch(() => {});
    return answer;
  }

  /** The firmware fetches one picture from the encoder. */
  async fetch(): Promise<void> {
    this.fetchedUs.push(systemClock.nowUs());
    await this.ask("f 1");
  }

  /** What its speaker has played so far: how many bytes, and their FNV-1a hash. */
  async played(): Promise<{ readonly bytes: number; readonly hash: string }> {
    const [, bytes = "", hash = ""] = (await this.ask("o")).split(" ");
    return { bytes: Number(bytes), hash };
  }

  /** Fetches pictures, and with each two blocks of sound of 20 ms, in real time until the camera is disposed. */
  async run(frameRate: number): Promise<void> {
    const startUs = systemClock.nowUs();
    try {
      for (let n = 1; !this.#over.signal.aborted; n++) {
        const dueMs = (startUs - systemClock.nowUs()) / 1000 + (n * 1000) / frameRate;
        await systemClock.sleep(Math.max(0, dueMs), this.#over.signal);
        await this.fetch();
        await this.ask("a 2");
      }
    } catch (error) {
      if (!isAbort(error) && !this.#over.signal.aborted) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    this.#child.kill("SIGKILL");
    await this.#ended;
    this.#lines.close();
  }
}

/** Starts the firmware; it has fetched its first picture, so that the hook's ports are open or about to be. */
export async function startHookCamera(options: HookCameraOptions): Promise<HookCamera> {
  const { build, codec, clip, signal } = options;
  const file = join(build.folder, `clip-${codec}-${clip.length}`);
  await writeFile(file, clip);
  const ports = options.ports ?? (await freePorts());
  const own = Object.entries(process.env).filter(([name]) => !/^(STREAM_HACK|STUB)_/.test(name));
  const env = {
    ...Object.fromEntries(own),
    STREAM_HACK_PORT: `${ports.video}`,
    STREAM_HACK_SOUND_PORT: `${ports.sound}`,
    STREAM_HACK_HEALTH_PORT: `${ports.health}`,
    STUB_VIDEO: file,
    STUB_CODEC: codec,
    ...options.env,
  };
  const preload = `LD_PRELOAD=${join(build.folder, "mipsel", "libcamerahook.so")}`;
  const args = ["-L", sysroot, "-E", preload, join(build.folder, "firmware")];
  const child = spawn("qemu-mipsel", args, { env, stdio: ["pipe", "pipe", "inherit"] });
  await once(child, "spawn");
  await using opened = new AsyncDisposableStack();
  const camera = opened.use(new HookCamera(child, ports));
  signal.addEventListener("abort", () => child.kill("SIGKILL"), { once: true });
  await camera.fetch();
  opened.move();
  return camera;
}

/**
 * Three ports that were free a moment ago. They lie below those that the system gives to whoever asks for any port, so that
 * neither another program nor a driver that knocks again and again gets one of them in the meantime.
 */
async function freePorts(): Promise<HookCamera["ports"]> {
  await using servers = new AsyncDisposableStack();
  const next = async () => {
    for (;;) {
      const port = 20_000 + Math.floor(Math.random() * 12_000);
      const server = createServer();
      const opened = once(server.listen(port, "127.0.0.1"), "listening");
      if (!(await opened.catch(() => false))) continue;
      servers.defer(async () => void (await once(server.close(), "close")));
      return port;
    }
  };
  return { video: await next(), sound: await next(), health: await next() };
}
