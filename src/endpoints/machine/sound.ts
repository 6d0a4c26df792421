import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { bytesOf, samplesOf } from "../../codecs/pcm/index.ts";
import { Reblocker } from "../../media/reblock.ts";
import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import type { Loudspeaker, Microphone } from "./ports.ts";
import { frameLength, plainForm, type SoundForm } from "./sound-form.ts";
import type { CommandLine } from "./sound-tools.ts";

/** Options of {@link openMicrophone} and {@link openLoudspeaker}. */
export interface SoundOptions {
  readonly command: CommandLine;
  /** What the program records or plays; 16 kHz and one channel unless told. */
  readonly form?: SoundForm;
  readonly clock: Clock;
  /** A program of the sound system failed; `why` is a sentence. */
  readonly onTrouble: (why: string) => void;
}

const bytesOfFrame = ({ form = plainForm }: SoundOptions) => frameLength(form) * 2;
/** Frames that a player may be behind. */
const maxBehind = 8;
/** Silence behind what is heard, so that all of it leaves the player's buffer. */
const tailFrames = 15;
const restartUs = 1_000_000;

/** A microphone that records only while somebody talks. */
export function openMicrophone(options: SoundOptions): Microphone {
  const running = new Set<ChildProcess>();
  return {
    capture: (give) => {
      const reblocker = new Reblocker(bytesOfFrame(options));
      const child = start(options, { stdio: ["ignore", "pipe", "pipe"] });
      running.add(child);
      child.once("close", () => running.delete(child));
      child.stdout?.on("data", (bytes: Uint8Array) => {
        for (const block of reblocker.push(bytes)) give(samplesOf(block));
      });
      return { [Symbol.dispose]: () => end(child) };
    },
    begin: () => {},
    [Symbol.asyncDispose]: async () => {
      for (const child of running) end(child);
    },
  };
}

/**
 * A loudspeaker whose player starts with the first sound and stays. Silence between talks is not written, so that the clock
 * of the sound card, which is another than ours, cannot fall behind for longer than a talk.
 */
export function openLoudspeaker(options: SoundOptions): Loudspeaker {
  const { clock } = options;
  const frameBytes = bytesOfFrame(options);
  let player: ChildProcess | undefined;
  let startedUs = Number.NEGATIVE_INFINITY;
  let tail = 0;
  const playing = (): ChildProcess | undefined => {
    if (player || clock.nowUs() - startedUs < restartUs) return player;
    startedUs = clock.nowUs();
    const own = start(options, { stdio: ["pipe", "ignore", "pipe"] });
    own.stdin?.on("error", () => {});
    own.once("close", () => {
      if (player === own) player = undefined;
    });
    player = own;
    return own;
  };
  return {
    write: (frame, { heard }) => {
      tail = heard ? tailFrames : Math.max(0, tail - 1);
      if (tail === 0) return true;
      const stdin = playing()?.stdin;
      if (!stdin?.writable || stdin.writableLength > maxBehind * frameBytes) return false;
      stdin.write(bytesOf(frame));
      return true;
    },
    [Symbol.asyncDispose]: async () => {
      const last = player;
      player = undefined;
      if (!last || last.exitCode !== null) return;
      const closed = once(last, "close");
      last.stdin?.end();
      const late = clock.timer(500, () => last.kill("SIGKILL"));
      await closed;
      late[Symbol.dispose]();
    },
  };
}

const ended = new WeakSet<ChildProcess>();

function end(child: ChildProcess): void {
  ended.add(child);
  child.kill("SIGKILL");
}

type Stdio = readonly ("ignore" | "pipe")[];

/** Starts a program; what it complains of is told when it ends by itself. */
function start({ command, onTrouble }: SoundOptions, how: { readonly stdio: Stdio }): ChildProcess {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: [...how.stdio] });
  let said = "";
  child.stderr?.on("data", (text: Buffer) => {
    said = `${said}${text}`.slice(-500);
  });
  const over = async () => {
    const [code] = await once(child, "close");
    const why = said.trim().split("\n").at(-1);
    if (!ended.has(child) && code !== 0) onTrouble(`${program} ended: ${why || `with code ${code}`}`);
  };
  background(over(), (error) => onTrouble(`${program} cannot be started: ${(error as Error).message}`));
  return child;
}
