import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { splitAnnexB } from "../../src/codecs/annexb.ts";
import { nalFacts } from "../../src/codecs/nal.ts";
import type { NalCodec } from "../../src/media/format.ts";
import { RtspParser } from "../../src/protocols/rtsp/parser.ts";
import { playRtsp } from "../../src/protocols/rtsp/play.ts";
import { systemClock } from "../../src/util/clock.ts";
import { DoorwardError } from "../../src/util/errors.ts";
import { silentLog } from "../../src/util/log.ts";
import { seededRandom } from "../mutate.ts";
import { type Dialogue, readDialogues } from "./dialogues.ts";

/** What a sweep found. */
export interface SweepResult {
  readonly runs: number;
  /** Runs in which our reader went on within one group of pictures. */
  readonly ours: number;
  /** Runs that ffmpeg survived: it gave the last picture; 0 without ffmpeg. */
  readonly ffmpeg: number;
  /** Of those, the ones in which ours went on. */
  readonly both: number;
  /** Runs in which ffmpeg went on and ours did not. */
  readonly worse: readonly string[];
  /** Runs in which ours did not go on. */
  readonly lost: readonly string[];
}

/** Options of {@link sweepGarbage}. */
export interface SweepOptions {
  readonly runs: number;
  readonly seed: number;
  /** Let ffmpeg read the same bytes. */
  readonly beside: boolean;
  readonly onRun?: (done: number) => void;
}

/** Runs side by side: most of a run is waiting for ffmpeg. */
const atOnce = 4;

/** Damages what cameras send at random places, and looks whether the stream goes on. */
export async function sweepGarbage(options: SweepOptions): Promise<SweepResult> {
  const random = seededRandom(options.seed);
  const dialogues = readDialogues();
  const whole = new Map<Dialogue, string[]>();
  for (const dialogue of dialogues) whole.set(dialogue, await read(dialogue));
  const counts = { runs: 0, ours: 0, ffmpeg: 0, both: 0 };
  const worse: string[] = [];
  const lost: string[] = [];
  const one = async (n: number): Promise<void> => {
    const dialogue = dialogues[n % dialogues.length] as Dialogue;
    const spoilt = damage(dialogue, random);
    const all = whole.get(dialogue) ?? [];
    const [ours, theirs] = await Promise.all([
      read(spoilt.dialogue),
      options.beside ? readByFfmpeg(spoilt.dialogue) : Promise.resolve([]),
    ]);
    const goesOn = wentOn(ours, { all, from: spoilt.picture, group: dialogue.group });
    const survived = theirs.includes(all.at(-1) ?? "");
    counts.runs++;
    if (goesOn) counts.ours++;
    if (survived) counts.ffmpeg++;
    if (survived && goesOn) counts.both++;
    const what = `run ${n}, ${dialogue.name}: ${spoilt.what}; ${ours.length} pictures of ${all.length}`;
    if (!goesOn) lost.push(what);
    if (survived && !goesOn) worse.push(what);
    options.onRun?.(counts.runs);
  };
  for (let n = 0; n < options.runs; n += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, options.runs - n) }, (_, i) => one(n + i)));
  }
  return { ...counts, worse, lost };
}

/** The last picture came, and one within a group of pictures behind the damage. */
function wentOn(
  got: readonly string[],
  sent: { readonly all: readonly string[]; readonly from: number; readonly group: number },
): boolean {
  const { all, from, group } = sent;
  const soon = new Set(all.slice(from, from + group + 2));
  return got.includes(all.at(-1) ?? "") && got.some((picture) => soon.has(picture));
}

interface Spoilt {
  readonly dialogue: Dialogue;
  /** The first picture that was sent wholly behind the damage. */
  readonly picture: number;
  readonly what: string;
}

/** One change at a random place of what came after PLAY; the last two groups are left alone. */
function damage(dialogue: Dialogue, random: () => number): Spoilt {
  const index = dialogue.answers.findIndex(({ method }) => method === "PLAY");
  const bytes = dialogue.answers[index]?.bytes ?? new Uint8Array(0);
  const at = Math.floor(random() * bytes.length * 0.6);
  const length = 1 + Math.floor(random() ** 2 * 3000);
  const end = Math.min(bytes.length, at + length);
  const kind = Math.floor(random() * 4);
  const head = bytes.subarray(0, at);
  const slice = bytes.subarray(at, end);
  const noise = () => Uint8Array.from({ length }, () => Math.floor(random() * 256));
  const half = slice.length >> 1;
  const made =
    kind === 0
      ? [head, noise(), bytes.subarray(at)]
      : kind === 1
        ? [head, bytes.subarray(end)]
        : kind === 2
          ? [head, slice, slice, bytes.subarray(end)]
          : [head, slice.subarray(half), slice.subarray(0, half), bytes.subarray(end)];
  const answers = dialogue.answers.with(index, { method: "PLAY", bytes: Buffer.concat(made) });
  const what = `${["noise", "cut", "repeat", "swap"][kind]} of ${length} bytes at ${at}`;
  return { dialogue: { ...dialogue, answers }, picture: picturesIn(bytes.subarray(0, end)) + 1, what };
}

/** Pictures that end within these bytes: markers on the first channel. */
function picturesIn(bytes: Uint8Array): number {
  const messages = new RtspParser().push(bytes);
  return messages.filter((message) => {
    return message.kind === "frame" && message.channel === 0 && ((message.payload[1] ?? 0) & 0x80) !== 0;
  }).length;
}

/** A camera that sends what was recorded, as fast as it is read, and ends. */
async function serve(dialogue: Dialogue): Promise<{ readonly address: string } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let next = 0;
    const parser = new RtspParser();
    socket.on("error", () => {});
    socket.on("data", (chunk: Uint8Array) => {
      for (const message of parser.push(chunk)) {
        if (message.kind !== "request") continue;
        const found = dialogue.answers.findIndex(({ method }, i) => i >= next && method === message.method);
        const answer = dialogue.answers[found];
        if (!answer) {
          socket.end();
          return;
        }
        next = found + 1;
        socket.write(numbered(answer.bytes, message.headers.get("CSeq") ?? "0"));
        if (answer.method === "PLAY") socket.end();
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `rtsp://admin:secret@127.0.0.1:${(server.address() as AddressInfo).port}/stream`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** The first answer in the bytes gets the number of the request. */
function numbered(bytes: Uint8Array, cseq: string): Uint8Array {
  const text = Buffer.from(bytes.subarray(0, 400)).toString("latin1");
  const number = /^RTSP[^\0]*?\r\nCSeq: (\d+)\r\n/i.exec(text);
  if (!number) return bytes;
  const at = number[0].length - 2 - (number[1] ?? "").length;
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(cseq), bytes.subarray(number[0].length - 2)]);
}

async function read(dialogue: Dialogue): Promise<string[]> {
  await using camera = await serve(dialogue);
  const got: string[] = [];
  const play = playRtsp({
    address: camera.address,
    protocols: ["tcp"],
    clock: systemClock,
    log: silentLog,
    signal: AbortSignal.timeout(10_000),
    onTrack: ({ kind }) => ({
      write: ({ data }) => {
        if (kind === "video") got.push(...picturesOf(data, dialogue.codec));
      },
      updateFormat: () => {},
    }),
  });
  await play.catch((error: unknown) => {
    if (!(error instanceof DoorwardError)) throw error;
  });
  return got;
}

async function readByFfmpeg(dialogue: Dialogue): Promise<string[]> {
  await using camera = await serve(dialogue);
  const muxer = dialogue.codec === "h264" ? "h264" : "hevc";
  const probing = ["-analyzeduration", "100000", "-probesize", "100000", "-timeout", "3000000"];
  const args = ["-v", "quiet", "-nostdin", "-rtsp_transport", "tcp", ...probing, "-i", camera.address];
  const child = spawn("ffmpeg", [...args, "-an", "-c", "copy", "-f", muxer, "-"], {
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 10_000,
  });
  const chunks: Uint8Array[] = [];
  child.stdout.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  await once(child, "close");
  return picturesOf(Buffer.concat(chunks), dialogue.codec);
}

function picturesOf(annexB: Uint8Array, codec: NalCodec): string[] {
  const slices: string[] = [];
  let rest = annexB;
  while (rest.length > 0) {
    const part = rest.subarray(0, 4_000_000);
    for (const nal of splitAnnexB(part)) {
      if (nalFacts[codec].isSlice(nal)) slices.push(createHash("md5").update(nal).digest("base64"));
    }
    rest = rest.subarray(part.length);
  }
  return slices;
}
