import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { commands } from "../src/cli/commands.ts";
import { configSchema } from "../src/config.ts";
import { createDrivers } from "../src/drivers/index.ts";
import type { FfmpegWorker } from "../src/workers/ffmpeg/index.ts";
import { doorPage } from "./door-page.ts";
import { asyncApiFile, eventsPage } from "./events-page.ts";
import { roomWebPage } from "./room-web-page.ts";

const src = join(import.meta.dirname, "..", "src");
const note = (source: string) => `<!-- Made by "npm run docs" from ${source}; do not edit. -->\n\n`;

/** One generated page of docs/. */
export interface Page {
  readonly file: string;
  readonly text: string;
}

/** All generated pages, as they should be now. */
export async function generatedPages(): Promise<readonly Page[]> {
  return [
    { file: "devices.md", text: devicesPage() },
    { file: "config.md", text: configPage() },
    { file: "cli.md", text: await cliPage() },
    { file: "door-protocol.md", text: doorPage() },
    { file: "room-web.md", text: roomWebPage() },
    { file: "events.md", text: `${note("the schemas of the messages")}${eventsPage()}` },
    { file: "asyncapi.json", text: asyncApiFile() },
  ];
}

function devicesPage(): string {
  const drivers = createDrivers({ converter: undefined as unknown as FfmpegWorker });
  const folders = readdirSync(join(src, "drivers"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const sections = folders.map((folder) => {
    const readme = readFileSync(join(src, "drivers", folder, "README.md"), "utf8").trim();
    const driver = drivers.find(({ kind }) => kind === folder);
    const settings = driver ? `\n\n${settingsTable(jsonSchema(driver.config), "###")}` : "";
    return `${readme.replace(/^(#+) /gm, "#$1 ")}${settings}`;
  });
  const list = drivers.map(({ kind, summary }) => `| [\`${kind}\`](#${kind}) | ${summary} |`).join("\n");
  return `${note("the drivers' own pages")}# Devices\n\n| driver | for |\n|---|---|\n${list}\n\n${sections.join("\n\n")}\n`;
}

function configPage(): string {
  const schema = jsonSchema(configSchema);
  const parts = Object.entries(schema.properties ?? {}).map(([name, part]) => {
    const own = part.additionalProperties;
    const block = typeof own === "object" ? (own.anyOf?.find(({ properties }) => properties) ?? part) : part;
    return `## \`${name}\`\n\n${part.description ?? ""}\n\n${settingsTable(block)}`.trimEnd();
  });
  return `${note("the configuration's schema")}# Configuration

\`doorward.yaml\` is read at the start and again whenever it changes: only what changed restarts. A fault in it is told
with its line, and what ran before goes on; so is a file that is suddenly empty, cut off or gone. To run without devices
write \`devices: {}\`. The page writes to the same file and keeps your comments.

\`\`\`yaml
devices:
  front-door:
    name: Front door
    area: Entrance
    address: rtsp://192.168.1.20/onvif1
    username: admin
    password: secret
  garage: tcp://192.168.1.25:12345/
\`\`\`

A password may be written in plain text, as above or as \`rtsp://admin:secret@192.168.1.20/onvif1\`. What the hub itself
writes is sealed with its key (\`sealed:1:...\`): whatever is added on the page, and a device of yours as soon as it is
changed there. \`doorward seal\` seals all that is in the file, \`doorward doctor\` says what is not.

${parts.join("\n\n")}\n`;
}

async function cliPage(): Promise<string> {
  const parts = await Promise.all(
    commands.map(async (entry) => {
      const command = await entry.load();
      return `## \`doorward ${entry.name}\`\n\n${entry.summary}\n\n\`\`\`\n${command.usage.trimEnd()}\n\`\`\``;
    }),
  );
  return `${note("the commands' help")}# Command line

In the checkout: \`npx doorward <command>\`, whatever the machine's own Node.

${parts.join("\n\n")}\n`;
}

/** The little of JSON Schema that is read here. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
}

function jsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
}

function settingsTable(schema: JsonSchema, heading?: string): string {
  const rows = Object.entries(schema.properties ?? {}).map(([name, part]) => {
    const required = schema.required?.includes(name) ? "required" : shown(part.default);
    return `| \`${name}\` | ${typeOf(part)} | ${required} | ${(part.description ?? "").replaceAll("|", "\\|")} |`;
  });
  if (rows.length === 0) return "";
  const title = heading ? `${heading} Settings\n\n` : "";
  return `${title}| setting | value | default | |\n|---|---|---|---|\n${rows.join("\n")}`;
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if (schema.type === "array") return `list of ${schema.items ? typeOf(schema.items) : "values"}`;
  if (schema.type === "object") return "block";
  const type = String(schema.type ?? "any value");
  const { minimum, maximum } = schema;
  const bounded = minimum !== undefined && maximum !== undefined && Math.abs(maximum) < 2 ** 53 - 1;
  return bounded ? `${type}, ${minimum} to ${maximum}` : type;
}

function shown(value: unknown): string {
  if (value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0))
    return "";
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}
