// Makes docs/room-web.md from the schemas of src/surfaces/room/web/messages.ts.
import { z } from "zod";
import { codec } from "../src/protocols/room/constants.ts";
import { clientMessages, frameBytes, hubMessages, silenceMs } from "../src/surfaces/room/web/messages.ts";

/** The page, as it should be now. */
export function roomWebPage(): string {
  return `<!-- Made by "npm run docs" from src/surfaces/room/web/messages.ts; do not edit. -->

# The room intercom's clients

The page, the dashboard card and the programs of the original room intercom run unchanged against the hub: with \`room:\` in the
configuration it listens on \`room.webPort\` (8099) for their WebSocket, \`/ws\`, and for \`/api/chimes\`. This page is enough to write
another client. The hub's own page speaks WebRTC instead, and needs nothing of this.

## Setting it up

- **Where it listens.** On this machine only, until \`room.webHost\` says otherwise. There is no TLS on this port, and browsers give a
  microphone to pages of HTTPS and of localhost only: put a proxy with HTTPS in front of it.
- **The page.** Serve the original's folder \`www\` by any web server, and let it hand \`/ws\` and \`/api\` on to this port. Name the page's
  address in \`room.webOrigins\` (\`[https://intercom.example.org]\`): no page of another site gets in.
- **The dashboard card.** \`hub_url: ws://<hub>:8099/ws?plain\`, and the dashboard's address in \`room.webOrigins\`, e.g.
  \`[http://homeassistant.local:8123]\`. With \`?plain\` sound comes without the byte of priority, which the card does not know:
  with it the card, also at its own hub, plays nothing of what people say.
- **Who may.** Clients of the original show no token. Such a one waits until an administrator lets it in (page, Devices), as *legacy*:
  from its address only. With \`enrolment: open\` everybody is in, and may hear and speak everywhere. A program shows a token as
  \`Authorization: Bearer\` or in \`identify\`: a device's own (made for a device with \`arrives: room-web\` and the id \`web-<name>\`), or a
  person's; a person speaks with their rights, and is heard as a device when that was let in, too.
- **Emergencies** of clients without a token count as urgent, until \`room.emergency: all\` says otherwise: anybody in the network
  could be them. With \`enrolment: open\` they are emergencies.

## Connection

Text messages are JSON objects with a \`type\`. What is not understood is answered by \`error\`, and the connection goes on. Say
\`identify\` within 10 s. The hub pings every 25 s; who has answered nothing until the next ping is gone. A text message
has at most 64 KiB; at most 40 a second are taken.

Connections with one name are one device, until the last one goes: the newest has the loudspeaker and the button. The one before
is told by \`error\`, stays connected, and has the device again when the newer one goes, or when somebody presses to talk there.

## Sound

- **Towards the hub**: samples of 16 bits, little-endian, ${codec.sampleRateHz.value} Hz, mono; ${frameBytes} bytes (${codec.frameMs.value} ms) a message. Other lengths are cut into ${codec.frameMs.value} ms; of an odd
  number of bytes nothing is taken, and \`error\` says so.
- **Towards the client**: always 1 byte of priority (0 normal, 1 high, 2 emergency), then ${frameBytes} bytes. Whatever is heard: talk, text, chimes.
- A client that is silent for ${silenceMs} ms while it speaks has lost the floor and is told \`state\` idle.
- A client that reads too slowly loses the oldest sound; nobody else is delayed.

## Messages of a client

${messages(clientMessages)}

## Messages of the hub

${messages(hubMessages)}

## HTTP

With the same tokens; without one where everybody is let in. A refusal has \`{"error": "..."}\`.

| | |
|---|---|
| \`GET /api/chimes\` | \`{"chimes": [{"name", "frames", "duration"}], "current"}\`; frames of 20 ms, duration in seconds |
| \`POST /api/chimes/upload\` | a form with a WAV file of at most 5 MiB in the field \`file\`; its name without \`.wav\` is the chime's |
| \`DELETE /api/chimes/<name>\` | takes one away; the hub's own stay |
| \`GET /api/audio_stats\` | who speaks, and for each client that has spoken when and how much; \`window\`, \`since\` (seconds), \`sender\` |
| \`POST /api/audio_stats\` | forgets them |
`;
}

function messages(table: Readonly<Record<string, z.ZodObject>>): string {
  return Object.entries(table)
    .map(([type, schema]) => {
      const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
      const rows = Object.entries(properties).map(([name, of]) => {
        const {
          description = "",
          type: kind,
          enum: words,
        } = of as {
          description?: string;
          type?: string;
          enum?: readonly string[];
        };
        const what = words?.join(", ") ?? kind ?? "text or number";
        return `| \`${name}\` | ${what} | ${required.includes(name) ? "yes" : "no"} | ${description} |`;
      });
      const fields = rows.length > 0 ? `\n\n| field | is | needed | |\n|---|---|---|---|\n${rows.join("\n")}` : "";
      return `### \`${type}\`\n\n${schema.description ?? ""}${fields}`;
    })
    .join("\n\n");
}
