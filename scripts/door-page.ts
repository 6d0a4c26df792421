// Makes docs/door-protocol.md from the schemas and tables of src/protocols/door/.
import { z } from "zod";
import { binaryMark } from "../src/protocols/door/binary.ts";
import { doorLimits } from "../src/protocols/door/limits.ts";
import {
  doorFeatures,
  fromHub,
  startedSchema,
  startSchema,
  stopSchema,
  toHub,
} from "../src/protocols/door/messages.ts";
import { doorReasons, stationReasons } from "../src/protocols/door/reasons.ts";

type Kinds = Readonly<Record<string, { readonly who: string; readonly says: string; readonly schema: z.ZodObject }>>;

/** The page, as it should be now. */
export function doorPage(): string {
  return `<!-- Made by "npm run docs" from src/protocols/door/; do not edit. -->

# The door stations' protocol

Between the hub and two kinds of programs: a door station (role \`intercom\`: bell, microphone, loudspeaker, perhaps a lock) and a
client (role \`home_assistant\`: an automation, a phone, a panel). Both connect to the hub; the hub never calls them, and they
never speak to each other directly. This page is enough to write either in any language. How the hub is set up for them: [doors](doors.md).

## Transport

TCP, port ${doorLimits.port.value} by default. On the same port, and on \`tlsPort\` where that is set, the hub speaks TLS with whoever begins with it; its
certificate is that of its page. Each message is one JSON object in UTF-8 on one line, ended by a newline (\`\\n\`; \`\\r\\n\` is taken too).
Unknown fields are passed over, in both directions: do the same.

1. Connect. Send \`register\` within ${doorLimits.registerMs.value / 1000} s.
2. Wait for \`registered\`. An \`error\` in its place says why not, and the connection ends. With the reason \`pending\` an administrator has
   to let the station in first: call again after a while (5 s, then more and more slowly). A station that
   made its token by itself (\`dwd_own_\` and 43 characters of base64url, 256 random bits) is let in with that one.
3. Send and take messages until either side closes. \`close\` says so politely.
4. When the connection is lost connect again, at first after 1 s, then more and more slowly. A newer connection of the same station
   takes the place of its older one at once, also if that is only dead.

A malformed message is answered by \`error\` with its reason; the connection goes on.

    station -> hub   {"type":"register","role":"intercom","client_id":"front-door","token":"dwd_..."}
    hub -> station   {"type":"registered","status":"ok","role":"intercom","client_id":"front-door"}
    station -> hub   {"type":"event","event":"ring","payload":{}}
    client  -> hub   {"type":"command","command":"start_audio","payload":{"stream_id":"s1"},"command_id":"a"}
    hub -> client    {"type":"command_ack","command_id":"a","generated":false}
    hub -> station   {"type":"command","command":"start_audio","payload":{"stream_id":"s1"},"command_id":"2b1f...","origin_id":"phone"}
    station -> hub   {"type":"response","command_id":"2b1f...","status":"ok","payload":{"stream_id":"s1","encoding":"pcm_s16le","sample_rate":16000,"channels":1}}
    hub -> client    {"type":"response","command_id":"a","status":"ok","payload":{"stream_id":"s1","encoding":"pcm_s16le","sample_rate":16000,"channels":1}}
    station -> hub   {"type":"audio_frame","stream_id":"s1","sequence":0,"encoding":"pcm_s16le","sample_rate":16000,"channels":1,"data":"..."}
    hub -> client    {"type":"audio_frame","stream_id":"s1","sequence":0,...,"direction":"intercom_to_client","origin_id":"front-door","data":"..."}

## Messages to the hub

${messages(toHub)}

## Messages of the hub

${messages(fromHub)}

## Commands

Any name may be given to a station; two of them mean something to the hub. A command goes to the station once and is never
repeated by the hub. If the station does not answer within ${doorLimits.commandMs.value / 1000} s the client gets a \`response\` with \`timeout\`; an answer that comes
later is passed over. A client that repeats a command under the same \`command_id\` within ${doorLimits.answerKeptMs.value / 1000} s, on the same connection or a newer
one, gets the same answer, and the station nothing.

A command that opens a door (\`unlock\` and what else the hub's configuration names) needs a right of its own. It comes with \`expires_ms\`:
a station that took longer than that to read it must not carry it out. Two that are asked for while the door opens are one.

### Payload of \`start_audio\`

The station opens microphone and loudspeaker and answers with the sound that it really has. Sound then goes both ways until
\`stop_audio\`, until either connection ends, or until \`error\` with \`audio_stream_failed\`. A station may have several streams at
once, one for each listener; the hub itself is one (its \`origin_id\` is \`hub\`).

${fields(startSchema)}

Payload of the station's answer:

${fields(startedSchema)}

### Payload of \`stop_audio\`

${fields(stopSchema)}

The answer's payload is the same.

## Features

A newer program names in \`register\` what it can; the hub answers in \`registered\` which of those are used. Nothing of this comes to
a program that did not ask for it.

| feature | means |
|---|---|
${Object.entries(doorFeatures)
  .map(([name, says]) => `| \`${name}\` | ${says} |`)
  .join("\n")}

A client without \`stations\` has one station: the one that the hub's configuration assigns to it, else the one with which it has an
audio session, else the one that it was told of last, else the first that is there.

## Binary frames

Where \`binary\` was agreed, sound may stand between two lines in place of an \`audio_frame\`: a third fewer bytes. Numbers are
big-endian. A frame begins with 0x${binaryMark.toString(16).toUpperCase()}, with which no UTF-8 text begins.

    [0]      0x${binaryMark.toString(16).toUpperCase()}
    [1]      bytes of the stream id, 1 to ${doorLimits.nameChars.value}
    [2]      channels
    [3]      0: client to intercom, 1: intercom to client; towards the hub it says nothing
    [4-7]    sample rate, Hz
    [8-11]   sequence
    [12-15]  bytes of samples
    [16-]    stream id (UTF-8), then the samples (pcm_s16le)

## Errors

A reason in an \`error\` that ends the connection:

${reasonTable("ends")}

A reason in an \`error\` after which the connection goes on. One with \`details.stream_id\` means that this stream is over:

${reasonTable("error")}

A reason that the hub gives in the payload of a \`response\` whose status is \`error\`:

${reasonTable("response")}

Reasons of a station, in the payload of its \`response\`; it may give any other:

${table(
  Object.entries(stationReasons).map(([name, says]) => [`\`${name}\``, says]),
  ["reason", "means"],
)}

## Limits

${table(
  Object.entries(doorLimits).map(([name, { value, says }]) => [`\`${name}\``, String(value), says]),
  ["name", "value", "says"],
)}
`;
}

function messages(kinds: Kinds): string {
  return Object.entries(kinds)
    .map(([type, { who, says, schema }]) => {
      const own = schema.omit({ type: true });
      const whose = who === "both" ? "both roles" : `role \`${who}\``;
      const rest = Object.keys(own.shape).length > 0 ? `\n\n${fields(own)}` : "";
      return `### \`${type}\` (${whose})\n\n${says}${rest}`;
    })
    .join("\n\n");
}

interface Json {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly maxLength?: number;
  readonly items?: Json;
}

function fields(schema: z.ZodObject): string {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  const rows = Object.entries(schema.shape).map(([name, field]) => {
    const { description, reason } = (field as z.ZodType).meta() ?? {};
    const needed = json.required?.includes(name) ? "yes" : "";
    return [
      `\`${name}\``,
      typeOf(json.properties?.[name] ?? {}),
      needed,
      String(description ?? ""),
      typeof reason === "string" ? `\`${reason}\`` : "",
    ];
  });
  return table(rows, ["field", "type", "has to be there", "says", "reason when wrong"]);
}

function typeOf(json: Json): string {
  if (json.enum || json.const !== undefined) return "one of those words";
  if (json.type === "string") return "text";
  if (json.type === "integer") return "whole number";
  if (json.type === "array") return `list of ${json.items ? typeOf(json.items) : "values"}`;
  return json.type ?? "anything";
}

function reasonTable(where: "ends" | "error" | "response"): string {
  const rows = Object.entries(doorReasons).filter(([, reason]) => reason.in === where);
  return table(
    rows.map(([name, { says }]) => [`\`${name}\``, says]),
    ["reason", "means"],
  );
}

function table(rows: readonly (readonly string[])[], head: readonly string[]): string {
  const lines = rows.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return [`| ${head.join(" | ")} |`, `|${head.map(() => "---").join("|")}|`, ...lines].join("\n");
}
