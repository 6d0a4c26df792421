import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { FatalError, isAbort } from "../util/errors.ts";
import type { FileSource } from "./convert.ts";

/** How a text is to be spoken. */
export interface SayOptions {
  /** The engine's name of a voice; the language's usual one by default. */
  readonly voice?: string;
  /** Language as in BCP 47, e.g. `de`; English by default. */
  readonly language?: string;
  readonly signal?: AbortSignal;
}

/** Makes speech of text. */
export interface SpeechEngine {
  readonly name: string;
  /** True when it is installed here. */
  available(): Promise<boolean>;
  /**
   * The spoken text as a sound file for `Converter.decodeFile`. Throws FatalError `no-speech-engine`, `bad-text`,
   * `bad-voice`, the last perhaps only while the file is read; `no-sound` when the engine fails there.
   */
  say(text: string, options?: SayOptions): Promise<FileSource>;
}

const run = promisify(execFile);
const voicesMs = 2000;

/** Longest text that is spoken, in characters. */
export const maxTextLength = 2000;

/** `espeak-ng` on the PATH. The text goes to its standard input, never through a shell or among its options. */
export function createEspeakEngine(options: { readonly program?: string } = {}): SpeechEngine {
  const program = options.program ?? "espeak-ng";
  const available = async (): Promise<boolean> => {
    const child = spawn(program, ["--version"], { stdio: "ignore" });
    try {
      const [code] = await once(child, "exit");
      return code === 0;
    } catch {
      return false; // the program is not there
    }
  };
  return {
    name: "espeak-ng",
    available,
    say: async (text, { voice, language, signal } = {}) => {
      const spoken = checkedText(text);
      const name = voice ?? language ?? "en";
      if (!/^[a-z][a-z0-9+_-]{0,31}$/i.test(name)) {
        throw noVoice(name.slice(0, 32), await voicesOf(program, signal));
      }
      if (!(await available())) {
        throw new FatalError("text cannot be spoken: install the program espeak-ng (Debian: apt install espeak-ng)", {
          code: "no-speech-engine",
        });
      }
      return { bytes: speak(program, { text: spoken, voice: name, signal }) };
    },
  };
}

function checkedText(text: string): string {
  const spoken = text.replace(/\p{Cc}+/gu, " ").trim();
  if (spoken === "") throw new FatalError("there is no text to speak", { code: "bad-text" });
  if (spoken.length > maxTextLength) {
    throw new FatalError(`the text is too long: ${spoken.length} of at most ${maxTextLength} characters`, {
      code: "bad-text",
    });
  }
  return spoken;
}

async function* speak(
  program: string,
  task: { readonly text: string; readonly voice: string; readonly signal: AbortSignal | undefined },
): AsyncGenerator<Uint8Array, void, void> {
  const child = spawn(program, ["-b", "1", "-v", task.voice, "--stdin", "--stdout"], {
    stdio: ["pipe", "pipe", "ignore"],
    signal: task.signal,
    killSignal: "SIGKILL",
  });
  const exit = once(child, "exit");
  exit.catch(() => {}); // an abort is thrown by the reader below
  child.stdin.on("error", () => {}); // it refused the voice before it read the text; its exit code says so
  child.stdin.end(task.text);
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>;
    const [code, killedBy] = (await exit) as [number | null, string | null];
    if (code === 0) return;
    const voices = await voicesOf(program, task.signal);
    if (voices.length > 0 && !isAmong(voices, task.voice)) throw noVoice(task.voice, voices);
    throw new FatalError(`espeak-ng failed: it ended with ${killedBy ?? `code ${code}`}`, { code: "no-sound" });
  } catch (error) {
    if (isAbort(error)) task.signal?.throwIfAborted();
    throw error;
  } finally {
    child.kill("SIGKILL");
  }
}

/** A voice that there is, as the columns of `--voices` name it: language, name, file and other languages. */
type VoiceNames = readonly string[];

/** None when the program does not say in time. Throws the signal's reason. */
async function voicesOf(program: string, signal: AbortSignal | undefined): Promise<readonly VoiceNames[]> {
  const limits = { timeout: voicesMs, killSignal: "SIGKILL", signal } as const;
  const { stdout } = await run(program, ["--voices"], limits).catch(() => ({ stdout: "" }));
  signal?.throwIfAborted();
  const rows = stdout.split("\n").slice(1);
  return rows
    .map((row) =>
      row
        .toLowerCase()
        .trim()
        .split(/[\s()/]+/)
        .slice(1),
    )
    .filter(([language]) => language);
}

/** A voice may bear a variant (`de+f2`) or a region of which there is no voice of its own (`de-AT`). */
function isAmong(voices: readonly VoiceNames[], voice: string): boolean {
  const [name = ""] = voice.toLowerCase().split("+");
  return voices.some(
    ([language, ...others]) => name.startsWith(`${language}-`) || [language, ...others].includes(name),
  );
}

/** Names the voices that there are: by their languages, for everybody's own is among them. */
function noVoice(name: string, voices: readonly VoiceNames[]): FatalError {
  const languages = [...new Set(voices.map(([language]) => language))].sort();
  const known = languages.length > 0 ? `; there are ${languages.join(", ")}` : "";
  return new FatalError(`there is no voice ${JSON.stringify(name)}${known}`, { code: "bad-voice" });
}

/** The engine that is used unless another is passed in. */
export function createSpeechEngine(): SpeechEngine {
  return createEspeakEngine();
}
