import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import { parseArgs } from "node:util";
import { findDevices, lookAtHost } from "../finding/find.ts";
import type { FoundDevice } from "../finding/found.ts";
import { searchedNetworks } from "../finding/networks.ts";
import { findStreams } from "../finding/streams.ts";
import { messageOf } from "../util/errors.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";

const usage = `usage: doorward discover [HOST] [options]

Looks for cameras on this machine's own private networks, without a hub: ONVIF (WS-Discovery), multicast DNS, and the ports of RTSP (554,
8554), whose servers are asked what they are. No password is sent. Of a large network the 1022 addresses around this machine's own are
searched; never an address that is not private.

With HOST, the address of one camera, it finds where its pictures are: by ONVIF, else by the paths that its maker and others use. A password
that the camera refuses is not tried again. "doorward probe" then looks at what was found.

  --timeout N      end after so many seconds, with what was found (default 60)
  --username NAME, --password TEXT
                   the camera's, with HOST
  --json           a JSON object a line, as soon as something is known; the last word about an address counts

exit code: 0 something was found, 1 nothing was, 2 wrong usage
`;

/** `doorward discover`. */
export const command: Command = { name: "discover", summary: "look for cameras on this network", usage, run };

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      timeout: { type: "string", default: "60" },
      json: { type: "boolean", default: false },
      username: { type: "string" },
      password: { type: "string" },
    },
  });
  const timeoutS = Number(values.timeout);
  if (!(timeoutS > 0 && timeoutS <= 3600)) throw new UsageError("--timeout takes a number of seconds, up to 3600");
  const [host] = positionals;
  if (host !== undefined) return await tellStreams(host, { ...values, context });
  return await tellDevices({ timeoutS, json: values.json, context });
}

/** Where one camera's pictures are. */
async function tellStreams(
  host: string,
  how: {
    readonly username?: string;
    readonly password?: string;
    readonly json: boolean;
    readonly context: CommandContext;
  },
): Promise<number> {
  if (!isIPv4(host)) throw new UsageError("HOST is the address of a camera, e.g. 192.168.1.20");
  const { username = "", password = "", json, context } = how;
  const { clock, signal, stdout, stderr } = context;
  const device = await lookAtHost(host, { clock, signal });
  const credentials = username || password ? { username, password } : undefined;
  const found = device && (await findStreams({ ...device, credentials, clock, signal }));
  const { outcome = "unreachable", streams = [] } = found ?? {};
  if (json) stdout.write(`${JSON.stringify({ ...device, ...found, outcome })}\n`);
  else stdout.write(streams.map(({ address, name = "" }) => `${address} ${name}`.trimEnd().concat("\n")).join(""));
  if (outcome !== "found") stderr.write(`${host}: ${sentences[outcome]}\n`);
  return outcome === "found" ? 0 : 1;
}

const sentences = {
  "password-needed": "the camera asks for a user name and password: give --username and --password",
  "wrong-password": "the camera refuses the user name or password",
  "no-path": "the camera answers, and its pictures are at none of the known paths: see its manual",
  unreachable: "no RTSP server answers at ports 554 and 8554",
} as const;

/** What is on the network. */
async function tellDevices(how: {
  readonly timeoutS: number;
  readonly json: boolean;
  readonly context: CommandContext;
}): Promise<number> {
  const { timeoutS, json, context } = how;
  const interfaces = networkInterfaces();
  const networks = searchedNetworks(interfaces);
  const { stdout, stderr, clock, signal } = context;
  if (networks.length === 0) stderr.write("this machine has no private network to look at\n");
  else if (!json) stderr.write(`looking at ${networks.map(({ range }) => range).join(", ")} ...\n`);
  const found = new Map<string, FoundDevice>();
  const late = new AbortController();
  using _timer = clock.timer(timeoutS * 1000, () => late.abort());
  try {
    await findDevices({
      ...{ interfaces, clock, signal: AbortSignal.any([signal, late.signal]) },
      onFound: (device) => {
        found.set(device.host, device);
        if (json) stdout.write(`${JSON.stringify(device)}\n`);
      },
      onTrouble: (error) => stderr.write(`a network was not searched as a whole: ${messageOf(error)}\n`),
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!late.signal.aborted) throw error;
    stderr.write(`not all was searched within ${timeoutS} s\n`);
  }
  if (!json) stdout.write([...found.values()].map(lineOf).join(""));
  if (found.size === 0 && !json) stderr.write("nothing was found\n");
  return found.size > 0 ? 0 : 1;
}

function lineOf({ host, rtspPort, onvif, maker, model, name, by }: FoundDevice): string {
  const what = [maker, model, name].filter((word, at, all) => word !== undefined && all.indexOf(word) === at);
  const where = rtspPort === undefined ? (onvif ?? "") : `rtsp://${host}${rtspPort === 554 ? "" : `:${rtspPort}`}/`;
  return `${host.padEnd(16)} ${what.join(", ").padEnd(40)} ${where.padEnd(32)} (${by.join(", ")})\n`;
}
