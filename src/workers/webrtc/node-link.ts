import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { deserialize, serialize } from "node:v8";
import { messageOf, WireError } from "../../util/errors.ts";
import type { ChildLink, ChildListener } from "../child-link.ts";
import { confine } from "../confine.ts";
import { childModule } from "../process.ts";
import { isMedia } from "./engine/media.ts";
import { MediaPipe } from "./engine/media-pipe.ts";
import { type MessageReader, MessageSplitter, MessageWriter } from "./engine/message.ts";
import { said, wireLimits } from "./engine/wire.ts";
import type { FromPublishChild, ToPublishChild } from "./messages.ts";

/**
 * Starts the child in TypeScript. One pipe carries everything, so that all comes in order: frames in the engine's own language,
 * which costs a fraction of a structured clone, and what is said seldom in V8's serialisation. `execArgv` are Node's own options.
 */
export function startNodeChild<To extends ToPublishChild, From extends FromPublishChild>(
  execArgv: readonly string[] = [],
): ChildLink<To, From> {
  return new NodeLink<To, From>(execArgv);
}

class NodeLink<To extends ToPublishChild, From extends FromPublishChild> implements ChildLink<To, From> {
  readonly child;
  /** There is none where the process may open nothing more, and so no child either. */
  readonly #pipe: Socket | undefined;
  readonly #media: MediaPipe | undefined;
  readonly #splitter = new MessageSplitter(wireLimits.messageBytes);
  #listener: ChildListener<From> | undefined;
  #ready = false;

  constructor(execArgv: readonly string[]) {
    const { execArgv: confined, env } = confine();
    const module = fileURLToPath(childModule("./child/main", import.meta.url));
    this.child = spawn(process.execPath, [...confined, ...execArgv, module], {
      // Overlapped is what a pipe must be on Windows to be read and written at once; elsewhere it is any pipe.
      stdio: ["ignore", "ignore", "pipe", "overlapped"],
      env: { ...env },
      windowsHide: true,
    });
    // Whoever owns it hears of that too.
    this.child.on("error", () => {});
    const stdio = this.child.stdio as typeof this.child.stdio | undefined;
    this.#pipe = (stdio?.[3] ?? undefined) as Socket | undefined;
    // How it ended says the exit code.
    this.#pipe?.on("error", () => {});
    this.#pipe?.on("data", (chunk: Buffer) => this.#hear(chunk));
    this.#media = this.#pipe && new MediaPipe(this.#pipe);
  }

  listen(listener: ChildListener<From>): void {
    this.#listener = listener;
  }

  hold(how: "alive" | "loose"): void {
    if (how === "alive") this.#pipe?.ref();
    else this.#pipe?.unref();
  }

  end(): void {
    this.#pipe?.end();
  }

  post(message: To, onSent?: () => void): boolean {
    if (!this.#pipe?.writable) return false;
    try {
      if (isMedia(message)) this.#media?.post(message, onSent);
      else this.#pipe.write(writeSaid(message), () => onSent?.());
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#listener?.onMessage({ type: "trouble", message: error.message } as From);
      onSent?.();
    }
    return true;
  }

  #hear(chunk: Buffer): void {
    try {
      for (const message of this.#splitter.push(chunk)) this.#take(readSaid(message) as From);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      // What comes after it would be read from the wrong place.
      this.#pipe?.destroy();
      this.child.kill("SIGKILL");
      this.#listener?.onMessage({ type: "trouble", message: error.message } as From);
    }
  }

  /** The first word says that it is there. */
  #take(message: From): void {
    if (this.#ready) this.#listener?.onMessage(message);
    else {
      this.#ready = true;
      this.#listener?.onReady();
    }
  }
}

/** Any message but a frame, as `writeSaid` made it. Throws WireError. */
function readSaid(message: MessageReader): object {
  if (message.code !== said.code) throw new WireError(`child: message ${message.code}`);
  let value: unknown;
  try {
    // Bytes of its own: what is kept of a message would hold the whole chunk.
    value = deserialize(Uint8Array.from(message.rest()));
  } catch (cause) {
    throw new WireError(`child: a message that cannot be read: ${messageOf(cause)}`, { cause });
  }
  if (typeof value !== "object" || value === null) throw new WireError("child: a message that is no object");
  return value;
}

/** Any message but a frame, as either side writes it. */
export function writeSaid(message: object): Buffer {
  const bytes = serialize(message);
  return new MessageWriter(said.code, bytes.length).bytes(bytes).finish();
}
