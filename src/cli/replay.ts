import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { startReplay } from "../drivers/rtsp/replay.ts";
import { type RtspReport, rtspReport } from "../drivers/rtsp/report.ts";
import { FatalError, messageOf } from "../util/errors.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";

const usage = `usage: doorward replay FILE [options]

Plays a report that "doorward probe ADDRESS --report FILE" wrote back as a fake camera, until it is interrupted: what a
camera does on its owner's network can be looked at anywhere.

  --port N         where to listen (default: any free port)
  --host ADDRESS   on which of this machine's addresses (default 127.0.0.1)
`;

const maxFileBytes = 64 * 1024 * 1024;

/** `doorward replay`. */
export const command: Command = {
  name: "replay",
  summary: "play a camera's report back as a fake camera",
  usage,
  run,
};

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { port: { type: "string", default: "0" }, host: { type: "string", default: "127.0.0.1" } },
  });
  const [file] = positionals;
  if (file === undefined) throw new UsageError("which report?");
  const port = Number(values.port);
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) throw new UsageError("--port takes a port number");
  const report = await readReport(file);
  await using replay = await startReplay(report, { clock: context.clock, host: values.host, port });
  const login = replay.asksPassword ? replay.address.replace("://", "://any:any@") : replay.address;
  context.stdout.write(`${login}\n`);
  if (!context.signal.aborted) await once(context.signal, "abort");
  return 0;
}

async function readReport(file: string): Promise<RtspReport> {
  try {
    const text = await readFile(file, "utf8");
    if (text.length > maxFileBytes) throw new Error("it is longer than 64 MiB");
    const report = rtspReport.parse(JSON.parse(text));
    if (report.connections.length === 0) throw new Error("no connection was recorded in it");
    return report;
  } catch (error) {
    const why = messageOf(error).split("\n")[0] ?? "";
    throw new FatalError(`${file} is no report of a camera: ${why.slice(0, 200)}`, {
      code: "bad-report",
      cause: error,
    });
  }
}
