import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type ReportEvent, rtspReport } from "../../src/drivers/rtsp/report.ts";
import { addressMark } from "../../src/drivers/rtsp/scrub.ts";
import type { NalCodec } from "../../src/media/format.ts";
import { serializeFrame } from "../../src/protocols/rtsp/message.ts";

/** What a server sent after each request of one connection. */
export interface Dialogue {
  readonly name: string;
  readonly codec: NalCodec;
  /** Pictures from one key picture to the next. */
  readonly group: number;
  readonly answers: readonly { readonly method: string; readonly bytes: Uint8Array }[];
}

const folder = join(import.meta.dirname, "fixtures");
/** As long as {@link addressMark}, so that no length in an answer has to change. */
const address = "127.0.0.1";

/**
 * Dialogues with servers that nobody of this project wrote (GStreamer 1.22, gortsplib 5.6, go2rtc 1.9), as
 * `doorward probe --report FILE --pictures` wrote them down; the pictures are test pictures.
 */
export function readDialogues(): Dialogue[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => readDialogue(join(folder, file)));
}

function readDialogue(file: string): Dialogue {
  const name = basename(file, ".json");
  const report = rtspReport.parse(JSON.parse(readFileSync(file, "utf8")));
  const events = report.connections.find((connection) => connection.some(isPlay));
  if (!events) throw new Error(`${file} holds no connection that played`);
  const answers: { readonly method: string; readonly pieces: Uint8Array[] }[] = [];
  for (const event of events) {
    if (isOurs(event)) answers.push({ method: event.text.split(" ")[0] ?? "", pieces: [] });
    else answers.at(-1)?.pieces.push(bytesOf(event));
  }
  return {
    name,
    codec: name.includes("h265") ? "h265" : "h264",
    group: name.includes("large") ? 20 : 10,
    answers: answers.map(({ method, pieces }) => ({ method, bytes: Buffer.concat(pieces) })),
  };
}

function isOurs(event: ReportEvent): event is ReportEvent & { readonly text: string } {
  return "text" in event && event.from === "hub";
}

function isPlay(event: ReportEvent): boolean {
  return isOurs(event) && event.text.startsWith("PLAY ");
}

function bytesOf(event: ReportEvent): Uint8Array {
  if ("text" in event) return Buffer.from(event.text.replaceAll(addressMark, address), "latin1");
  if ("noise" in event) return Buffer.from(event.noise, "base64");
  if ("channel" in event) return serializeFrame(event.channel, Buffer.from(event.bytes, "base64"));
  throw new Error("a dialogue by UDP cannot be damaged as a stream of bytes");
}
