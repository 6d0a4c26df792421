// Makes the stations' C header and docs/room-protocol.md from src/protocols/room/constants.ts.
import * as room from "../src/protocols/room/constants.ts";
import type { GeneratedFile } from "./engine-wire.ts";

const source = "src/protocols/room/constants.ts";

const groups: readonly (readonly [
  title: string,
  prefix: string,
  table: Readonly<Record<string, room.RoomConstant>>,
])[] = [
  ["How stations find and hear each other", "", room.transport],
  ["One packet", "PACKET_", room.packetLayout],
  ["What is in it", "CODEC_", room.codec],
  ["Who may speak when", "FLOOR_", room.floor],
  ["A station's buffers", "PLAYOUT_", room.playout],
  ["Authentic packets", "AUTH_", room.authenticity],
];

/** The generated files, as they should be now. */
export function roomWireFiles(): readonly GeneratedFile[] {
  return [
    { path: "native/room-station/src/protocol.h", text: header() },
    { path: "docs/room-protocol.md", text: page() },
  ];
}

/** `headerBytes` of the prefix PACKET_ is ROOM_PACKET_HEADER_BYTES. */
function macroOf(prefix: string, name: string): string {
  return `ROOM_${prefix}${name.replace(/([A-Z])/g, "_$1").toUpperCase()}`;
}

function literalOf({ value }: room.RoomConstant): string {
  return typeof value === "string" ? `"${value}"` : `${value}`;
}

function header(): string {
  const blocks = groups.map(([title, prefix, table]) => {
    const lines = Object.entries(table).map(([name, constant]) => {
      const define = `#define ${macroOf(prefix, name).padEnd(31)} ${literalOf(constant)}`;
      return `/** ${constant.says} */\n${define}`;
    });
    return `/* ${title} */\n\n${lines.join("\n")}`;
  });
  return `/* Made by "npm run docs" from ${source}; do not edit. */
#ifndef ROOM_PROTOCOL_H
#define ROOM_PROTOCOL_H

/** Raised whenever firmware of before could misunderstand */
#define ${"ROOM_PROTOCOL_VERSION".padEnd(31)} ${room.roomProtocolVersion}

${blocks.join("\n\n")}

#endif
`;
}

function page(): string {
  const tables = groups.map(([title, prefix, table]) => {
    const rows = Object.entries(table).map(
      ([name, { value, says }]) => `| ${name} | ${value} | \`${macroOf(prefix, name)}\` | ${says} |`,
    );
    return `## ${title}\n\n| name | value | in C | says |\n|---|---|---|---|\n${rows.join("\n")}`;
  });
  return `<!-- Made by "npm run docs" from ${source}; do not edit. -->

# The rooms' protocol

Version ${room.roomProtocolVersion}. Sound between room stations and the hub: UDP, to a multicast group for everybody, to a station's address for it alone.
MQTT steers it. The hub, our own station and its firmware take these numbers from one place.

    [0-7]   sender     8 bytes
    [8-11]  sequence   32 bits, big-endian
    [12]    priority   0 normal, 1 high, 2 emergency
    [13-]   Opus       one packet of 20 ms

A packet may be authentic: its Opus packet is then written with padding (code 3, RFC 6716, 3.2.5), which holds one tag or two. Programs
that know nothing of them hear the same sound.

    [0-9]   own tag       of the key that one station and the hub share; absent of what the hub sends to all
    [10]    key id        which of the group's keys follows; absent where the sender has none
    [11-20] group's tag   of the key that all stations with a token have in common

Each tag is the beginning of an HMAC-SHA-256 over all bytes of the packet before it (and before the group's tag: the key id too). Padding
of ${room.authenticity.tagBytes.value} bytes is an own tag, of ${room.authenticity.groupBytes.value} a group's, of ${room.authenticity.tagBytes.value + room.authenticity.groupBytes.value} both. Silence is never signed: padding would make older firmware take it for sound.

Each authentic packet counts once; an emergency of a device that could authenticate itself and does not takes nobody's floor. A
station's own key is the SHA-256 of its token. The group's key comes over MQTT, under the station's own, with the hub's count of
packets: what is older than that by 10 s is recorded, and a station numbers its packets no lower. A renewed key counts at once,
the one before for 10 s more (\`src/protocols/room/group-key.ts\`).

${tables.join("\n\n")}
`;
}
