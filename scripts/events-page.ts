import { z } from "zod";
import { asyncApiDocument, eventsPath } from "../src/surfaces/page/asyncapi.ts";
import { hubMessageSchemas } from "../src/surfaces/page/hub-schemas.ts";
import { pageMessageSchema } from "../src/surfaces/page/messages.ts";

interface Fields {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Fields[];
}

/** What is told and taken on the hub's WebSocket, made of the schemas of the messages. */
export function eventsPage(): string {
  const hub = Object.entries(hubMessageSchemas).map(([type, schema]) => row(type, schema, "output"));
  const reader = pageMessageSchema.options.map((one) => row(one.shape.type.value, one, "input"));
  return `# Events

\`wss://HUB:8443${eventsPath}\` tells what happens in the house, as JSON messages over a WebSocket. Programs show a token
(\`Authorization: Bearer dwt_...\`), pages the cookie of a session. At first it is told what there is (\`wall\` to people, \`devices\`, \`groups\`, \`calls\` that run),
then each change, only of what the reader may see. Pass over types that you do not know: others may be added.

All of it with every field is in [asyncapi.json](asyncapi.json) (AsyncAPI 3.0), which a hub serves at \`/api/v1/asyncapi.json\`.

## What the hub tells

| type | when | with |
|---|---|---|
${hub.join("\n")}

## What a reader may say

| type | with |
|---|---|
${reader.map((line) => line.replace(/ \| [^|]* \| /, " | ")).join("\n")}

At most 60 messages at once, and again 60 each second. A connection that says nothing is asked by pings every 15 s.
`;
}

/** The AsyncAPI document as a file. */
export function asyncApiFile(): string {
  return `${JSON.stringify(asyncApiDocument(), undefined, 2)}\n`;
}

function row(type: string, schema: z.ZodType, io: "input" | "output"): string {
  const { description = "", ...fields } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Fields;
  const shapes = fields.anyOf ?? [fields];
  const names = new Set(shapes.flatMap(({ properties = {} }) => Object.keys(properties)));
  const isNeeded = (name: string) => shapes.every(({ required = [] }) => required.includes(name));
  const shown = [...names].filter((name) => name !== "type").map((name) => `\`${name}${isNeeded(name) ? "" : "?"}\``);
  return `| \`${type}\` | ${description} | ${shown.join(", ")} |`;
}
