import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { aiortcPython } from "./aiortc.ts";

/** Other people's WebRTC implementations that can watch. */
export type ForeignViewerKind = "aiortc" | "gstreamer";

/** What a foreign viewer says, one JSON line each (see aiortc-viewer.py). */
interface Said {
  readonly offer?: string;
  /** The number painted on a picture that it decoded. */
  readonly number?: number;
  /** Samples of a piece of sound that it decoded, for each channel. */
  readonly sound?: number;
  readonly state?: string;
}

/** A viewer in a process of its own. Disposing ends it. */
export interface ForeignViewer extends AsyncDisposable {
  readonly offerSdp: string;
  /** Numbers of all pictures so far. */
  readonly numbers: readonly number[];
  /** Pieces of sound so far. */
  readonly sounds: readonly number[];
  accept(answerSdp: string): void;
  /** Resolves when so many pictures and pieces of sound have come. Throws Error when the viewer ends first. */
  until(pictures: number, sounds: number): Promise<void>;
}

const debian = "python3-gi gir1.2-gst-plugins-bad-1.0 gstreamer1.0-plugins-bad gstreamer1.0-nice gstreamer1.0-libav";

/** Starts a viewer that has only one address, on loopback. Fails with a sentence that says what is to be installed. */
export async function startForeignViewer(kind: ForeignViewerKind, address: string): Promise<ForeignViewer> {
  const python = kind === "aiortc" ? aiortcPython() : "/usr/bin/python3";
  const script = join(import.meta.dirname, kind === "aiortc" ? "aiortc-viewer.py" : "gst-viewer.py");
  const child = spawn(python, [script, JSON.stringify({ address })], { stdio: ["pipe", "pipe", "pipe"] });
  const viewer = new Running(child, kind === "aiortc" ? "aiortc of PyPI" : debian);
  await viewer.offered;
  return viewer;
}

class Running implements ForeignViewer {
  readonly numbers: number[] = [];
  readonly sounds: number[] = [];
  readonly offered: Promise<void>;
  offerSdp = "";
  #trouble = "";
  #changed = Promise.withResolvers<void>();
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #needs: string;

  constructor(child: ChildProcessByStdio<Writable, Readable, Readable>, needs: string) {
    this.#child = child;
    this.#needs = needs;
    child.on("error", (error) => this.#end(error.message));
    child.on("close", (code, signal) => this.#end(`it ended: ${signal ?? `exit code ${code}`}`));
    child.stdin.on("error", () => {});
    child.stderr.on("data", (text) => {
      this.#trouble += text;
    });
    createInterface(child.stdout).on("line", (line) => this.#hear(JSON.parse(line)));
    this.offered = this.#when(() => this.offerSdp !== "");
  }

  accept(answerSdp: string): void {
    this.#child.stdin.write(`${JSON.stringify({ answer: answerSdp })}\n`);
  }

  until(pictures: number, sounds: number): Promise<void> {
    return this.#when(() => this.numbers.length >= pictures && this.sounds.length >= sounds);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "close");
  }

  #hear({ offer, number, sound }: Said): void {
    if (offer !== undefined) this.offerSdp = offer;
    if (number !== undefined) this.numbers.push(number);
    if (sound !== undefined) this.sounds.push(sound);
    this.#change();
  }

  async #when(met: () => boolean): Promise<void> {
    while (!met()) await this.#changed.promise;
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Whoever waits now or later is told. */
  #end(how: string): void {
    this.#changed.promise.catch(() => {});
    this.#changed.reject(new Error(`this viewer needs ${this.#needs}; ${how}\n${this.#trouble}`));
  }
}
