// Makes the engine's constants and native/engine/WIRE.md from src/workers/webrtc/engine/wire.ts.
import * as wire from "../src/workers/webrtc/engine/wire.ts";

const source = "src/workers/webrtc/engine/wire.ts";

/** A generated file, its path from the project's root. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** The generated files, as they should be now. */
export function engineWireFiles(): readonly GeneratedFile[] {
  return [
    { path: "native/engine/WIRE.md", text: page() },
    { path: "native/engine/internal/wire/constants.go", text: constants() },
  ];
}

function constants(): string {
  const groups: [string, Record<string, number>][] = [
    ["Version changes whenever an old engine could misunderstand a new hub.", { Version: wire.wireVersion }],
    ["Messages of the hub.", codes("To", wire.toEngine)],
    ["Messages of the engine.", codes("From", wire.fromEngine)],
    ["Bounds that both sides hold.", prefixed("Max", wire.wireLimits)],
    ["Bits of flags, and the payload type of a viewer that may not send sound.", flags()],
  ];
  const blocks = groups.map(([comment, values]) => {
    const width = Math.max(...Object.keys(values).map((name) => name.length));
    const lines = Object.entries(values).map(([name, value]) => `\t${name.padEnd(width)} = ${value}`);
    return `// ${comment}\nconst (\n${lines.join("\n")}\n)`;
  });
  return `// Code generated from ${source} by "npm run docs"; DO NOT EDIT.\n\npackage wire\n\n${blocks.join("\n\n")}\n`;
}

const upper = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
const prefixed = (prefix: string, values: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + upper(name), value]));
const codes = (prefix: string, kinds: Readonly<Record<string, wire.MessageKind>>) =>
  prefixed(prefix, Object.fromEntries(Object.entries(kinds).map(([name, { code }]) => [name, code])));
const flags = () => ({
  ...prefixed("Frame", wire.frameFlags),
  ...prefixed("View", wire.viewFlags),
  ...prefixed("Stats", wire.statsFlags),
  NoMicrophone: wire.noMicrophone,
});

function page(): string {
  const table = (kinds: Readonly<Record<string, wire.MessageKind>>) =>
    [
      "| code | message | fields | says |",
      "|---|---|---|---|",
      ...Object.entries(kinds).map(
        ([name, { code, fields, says }]) => `| ${code} | ${name} | \`${fields}\` | ${says} |`,
      ),
    ].join("\n");
  const limits = Object.entries(wire.wireLimits).map(([name, value]) => `| ${name} | ${value} |`);
  return `<!-- Made by "npm run docs" from ${source}; do not edit. -->

# What the hub and the engine say to each other

Over the engine's standard input and output, version ${wire.wireVersion}. Every message is

    u32 length of what follows | u8 code | fields

All numbers are little-endian; times are microseconds on the hub's clock; \`text\` is u8 length and bytes, \`long\` u16 length
and bytes, \`rest\` all that is left; an \`address\` is u8 4 or 16 (bytes of the IP address), the address, u16 port. Tracks and
viewers have the hub's own numbers, never used twice. A message that breaks this grammar or a bound below ends the engine:
its only partner is the hub that started it. When its standard input ends, so does the engine.

## Hub to engine

${table(wire.toEngine)}

## Engine to hub

${table(wire.fromEngine)}

## Hub and child in TypeScript

The child in TypeScript is told track, frame and trackEnd in these words too, over a pipe of its own (descriptor 3); for all else
there is one more, both ways, which the engine neither writes nor takes.

${table({ said: wire.said })}

## Bounds

| what | most |
|---|---|
${limits.join("\n")}
`;
}
