import type { Converter, FileSource } from "../../media/convert.ts";
import { type AudioFormat, pcmFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { createEspeakEngine } from "../../media/say.ts";
import { FatalError } from "../../util/errors.ts";
import type { TalkArguments, TalkInput } from "./arguments.ts";
import { openMicrophone } from "./microphone.ts";

/** The opened input: sound in the cameras' format. */
export interface TalkSource {
  readonly format: AudioFormat;
  /** A microphone: to be heard at once. */
  readonly live: boolean;
  /** Length of a file in microseconds, where it is known. */
  readonly durationUs: number | undefined;
  readonly frames: AsyncIterable<Frame>;
}

/** Options of {@link openSource}. */
export interface SourceOptions {
  readonly converter: Converter;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly rateHz: 8000 | 16000;
  readonly signal: AbortSignal;
}

/**
 * Opens what is to be played, so that a wrong file is reported before any camera is bothered. `--loop` opens it again and
 * again. Throws FatalError with a sentence for what cannot be played.
 */
export async function openSource(
  args: Pick<TalkArguments, "input" | "volume" | "loop">,
  options: SourceOptions,
): Promise<TalkSource> {
  const format = pcmFormat(options.rateHz);
  const how = { ...options, output: format, gain: args.volume };
  if (args.input.kind === "microphone")
    return { format, live: true, durationUs: undefined, frames: await openMicrophone(how) };
  const input = args.input;
  const open = async () => await options.converter.decodeFile(await fileOf(input, options), how);
  const first = await open();
  return {
    format,
    live: false,
    durationUs: args.loop ? undefined : first.durationUs,
    frames: repeat(first, { open, loop: args.loop }),
  };
}

type Decoded = Awaited<ReturnType<Converter["decodeFile"]>>;

async function* repeat(
  first: Decoded,
  options: { readonly open: () => Promise<Decoded>; readonly loop: boolean },
): AsyncGenerator<Frame, void, void> {
  let decoded = first;
  for (;;) {
    await using file = decoded;
    let frames = 0;
    for await (const frame of file.frames) {
      frames++;
      yield frame;
    }
    if (frames === 0) throw new FatalError("nothing to play: the file has no sound in it", { code: "not-audio" });
    if (!options.loop) return;
    decoded = await options.open();
  }
}

async function fileOf(
  input: Exclude<TalkInput, { readonly kind: "microphone" }>,
  options: SourceOptions,
): Promise<FileSource> {
  switch (input.kind) {
    case "file":
      return { path: input.path };
    case "stdin":
      return { bytes: options.stdin };
    case "text":
      return await createEspeakEngine().say(input.text, { signal: options.signal });
  }
}
