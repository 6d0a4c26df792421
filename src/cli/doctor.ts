import { createSocket } from "node:dgram";
import { statfs } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { type Config, configSchema } from "../config.ts";
import { ConfigFile } from "../hub/config-file.ts";
import { deviceInputs } from "../hub/device-input.ts";
import { hasPlainSecret } from "../hub/device-secrets.ts";
import { checkTurn, type TurnFinding } from "../surfaces/webrtc/turn-check.ts";
import { messageOf } from "../util/errors.ts";
import { networkReason } from "../util/network-reason.ts";
import { version } from "../util/version.ts";
import type { EngineChoice } from "../workers/webrtc/engine/choose.ts";
import { probeEngine } from "../workers/webrtc/engine/probe.ts";
import { enginePackage, findEngine } from "../workers/webrtc/engine/program.ts";
import type { Command, CommandContext } from "./command.ts";
import { examineDevices } from "./doctor-devices.ts";
import { whoShowsDevices } from "./doctor-mqtt.ts";
import { hubFlagsHelp, parseHubOptions } from "./hub-options.ts";
import { driverSecrets, plainMqttSecrets } from "./seal.ts";

const usage = `usage: doorward doctor [options]

Checks what the hub needs on this machine: Node, configuration, ports, disk, clock, codecs, the TURN
servers (each is asked for a relay), and which cameras show themselves: each is asked by its own
driver, with its password, as the hub would.

${hubFlagsHelp}

exit code: 0 all is well, 1 something needs a person
`;

/** `doorward doctor`. */
export const command: Command = { name: "doctor", summary: "check ports, disk, clock, codecs and cameras", usage, run };

/** What one check found. */
interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const options = parseHubOptions(args);
  const findings: Finding[] = [];
  const add = async (check: string, look: () => Promise<string>) => {
    const finding = await look().then(
      (detail) => ({ check, ok: true, detail }),
      (error) => ({ check, ok: false, detail: messageOf(error) }),
    );
    findings.push(finding);
    if (!options.json) context.stdout.write(`${finding.ok ? "ok  " : "FAIL"}  ${check.padEnd(22)} ${finding.detail}\n`);
  };
  const file = new ConfigFile({ path: options.configPath, schema: configSchema, clock: context.clock });
  let config = configSchema.parse({});
  await add("version", async () => `doorward ${version}, Node ${process.versions.node}`);
  await add("configuration", async () => {
    const found = await file.read();
    if (!found) return `no ${options.configPath}: "doorward start" would run the demo`;
    config = found;
    return `${options.configPath}: ${deviceInputs(found).size} device(s)`;
  });
  await add("passwords", async () => passwords(config));
  await ports(config, { options, add });
  for (const { url, ok, detail } of await turnServers(config, context)) {
    await add(`TURN ${url}`, async () => (ok ? detail : Promise.reject(new Error(detail))));
  }
  await add("Home Assistant", () => whoShowsDevices(config, { dataDir: options.dataDir, context }));
  await add("disk", () => diskSpace(options.dataDir));
  await add("clock", () => clockSteady(context));
  await add("addresses", async () => addresses());
  await add("WebRTC", async () => {
    await import("node-datachannel");
    return "node-datachannel loads";
  });
  await add("WebRTC engine", () => engine(config.webrtc.engine));
  await add("codecs", codecs);
  await examineDevices({ config, dataDir: options.dataDir, context, add });
  const ok = findings.every((finding) => finding.ok);
  if (options.json) context.stdout.write(`${JSON.stringify({ ok, findings })}\n`);
  return ok ? 0 : 1;
}

type Add = (check: string, look: () => Promise<string>) => Promise<void>;

/** Whether the hub could listen; where it does already, that is what is told. */
async function ports(
  config: Config,
  { options, add }: { readonly options: ReturnType<typeof parseHubOptions>; readonly add: Add },
): Promise<void> {
  const { http, webrtc, mqtt } = config;
  const httpPort = options.httpPort ?? http.port;
  const running = await runningHub(httpPort);
  const check = (name: string, port: number, free: () => Promise<string>) =>
    add(`${name} port ${port}`, () => free().catch((error) => running ?? Promise.reject(error)));
  await check("HTTP", httpPort, () => tcpFree(httpPort, "127.0.0.1"));
  const httpsPort = options.httpsPort ?? http.httpsPort;
  if (http.https) await check("HTTPS", httpsPort, () => tcpFree(httpsPort, http.httpsHost));
  await check("UDP", webrtc.udpPort, () => udpFree(webrtc.udpPort));
  if (mqtt?.url !== undefined) await add("MQTT broker", () => reach(mqtt.url ?? ""));
  else if (mqtt) await check("MQTT", mqtt.port, () => tcpFree(mqtt.port, mqtt.host));
}

/** What is told of a port that a running Doorward has; undefined when none answers at its HTTP port. */
async function runningHub(port: number): Promise<string | undefined> {
  if (port === 0) return undefined;
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(2000) });
    const { status, version: theirs } = (await answer.json()) as { readonly [field: string]: unknown };
    return typeof status === "string" && typeof theirs === "string"
      ? `the hub that runs (${theirs}) has it`
      : undefined;
  } catch {
    return undefined; // Whoever has the port is no hub.
  }
}

/** Plain ones work, so they are no failure; the file may be read by more people than it should. */
function passwords(config: Config): string {
  const secretOptions = driverSecrets();
  const devices = [...deviceInputs(config)].filter(
    ([, input]) => input.address !== undefined && URL.canParse(input.address),
  );
  const inMqtt = plainMqttSecrets(config.mqtt).map((path) => path.join("."));
  const plain = [...devices.filter(([, input]) => hasPlainSecret(input, secretOptions)).map(([id]) => id), ...inMqtt];
  if (plain.length === 0) return "none stands in the configuration in plain text";
  return `in plain text in the configuration: ${plain.join(", ")}; "doorward seal" seals them`;
}

/** Without it nothing is missing but speed, unless the settings ask for it. */
async function engine(choice: EngineChoice): Promise<string> {
  const found = findEngine();
  if (choice === "node") return "not used: webrtc.engine is node";
  if (found) {
    const sandbox = await probeEngine(found.path);
    return `native, ${found.path}${sandbox === "" ? "" : ` (locked into ${sandbox})`}`;
  }
  const how =
    `none for this machine (${enginePackage}): with Go (https://go.dev/dl), "npm run engine" builds it in a checkout, and ` +
    "with it the same machine serves several times as many viewers";
  if (choice === "native") throw new Error(how);
  return how;
}

function tcpFree(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      reject(new Error(taken ? "taken by another program (perhaps a running hub)" : error.message));
    });
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve("free")));
  });
}

function udpFree(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.once("error", () => reject(new Error("taken by another program (perhaps a running hub)")));
    socket.bind(port, () => socket.close(() => resolve("free")));
  });
}

async function diskSpace(folder: string): Promise<string> {
  const found = await statfs(folder).catch(() => statfs("."));
  const freeMiB = (found.bavail * found.bsize) / 2 ** 20;
  if (freeMiB < 100) throw new Error(`${freeMiB.toFixed(0)} MiB free: the database needs 100`);
  return `${(freeMiB / 1024).toFixed(1)} GiB free`;
}

async function clockSteady({ clock, signal }: CommandContext): Promise<string> {
  const wall = clock.wallMs();
  if (wall < Date.UTC(2025, 0)) throw new Error(`it says ${new Date(wall).toISOString()}: set the date`);
  const began = clock.nowUs();
  await clock.sleep(200, signal);
  const lateMs = (clock.nowUs() - began) / 1000 - 200;
  if (lateMs > 50) throw new Error(`timers are ${lateMs.toFixed(0)} ms late: the machine is overloaded`);
  return `${new Date(wall).toISOString()}, timers ${lateMs.toFixed(1)} ms late`;
}

function addresses(): string {
  const own = Object.values(networkInterfaces()).flat();
  const outer = own.filter((found) => found && !found.internal).map((found) => found?.address);
  return outer.length === 0 ? "only this machine itself can reach the hub" : outer.join(", ");
}

async function codecs(): Promise<string> {
  await import("libopus-wasm");
  const av = await import("node-av").then(
    () => true,
    () => false,
  );
  if (!av) throw new Error("node-av does not load: no conversion, no snapshots; what passes through still works");
  return "Opus and FFmpeg's libraries load";
}

const usualPorts: Readonly<Record<string, number>> = { "mqtt:": 1883, "mqtts:": 8883 };

function reach(address: string): Promise<string> {
  const url = URL.parse(address);
  if (!url) return Promise.reject(new Error("this is no address: it has to look like mqtt://192.168.1.5"));
  const port = Number(url.port) || (usualPorts[url.protocol] ?? 1883);
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const socket = connect({ host: url.hostname, port, timeout: 3000 });
    const fail = (why: string) => {
      socket.destroy();
      reject(new Error(`${url.hostname}:${port} does not answer: ${why}`));
    };
    socket.once("connect", () => {
      socket.destroy();
      resolve(`${url.hostname}:${port} answers in ${Math.round(performance.now() - began)} ms`);
    });
    socket.once("timeout", () => fail("no answer within 3 s"));
    socket.once("error", (error) => fail(networkReason(error)));
  });
}

/** The TURN servers of the settings, asked for a relay as a viewer asks them. */
async function turnServers({ whep, signalling }: Config, { clock }: CommandContext): Promise<readonly TurnFinding[]> {
  const { turn } = whep;
  return turn ? await checkTurn({ turn, moreUrls: signalling?.agentTurnUrls ?? [], clock }) : [];
}
