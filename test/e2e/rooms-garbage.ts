/**
 * `node rooms-garbage.ts <address> <hub> <per second> <ms>`: datagrams of chance to the hub, half of which look like packets of
 * sound. Not to the groups: stations sign nothing there, and the first that looks like sound has their floor. Prints how many
 * were sent.
 */
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";

const [own = "", hub = "", perSecond = "", ms = ""] = process.argv.slice(2);
const socket = createSocket("udp4").bind(0, own);
await once(socket, "listening");
const endMs = performance.now() + Number(ms);
const beganMs = performance.now();
let sent = 0;
console.log("begun");
while (performance.now() < endMs) {
  const due = ((performance.now() - beganMs) / 1000) * Number(perSecond);
  for (; sent < due; sent++) socket.send(made(sent), 5005, hub);
  await new Promise((resolve) => setTimeout(resolve, 2));
}
console.log(sent);
socket.close();

function made(n: number): Buffer {
  const bytes = randomBytes(n % 4 === 0 ? n % 300 : 13 + (n % 200));
  if (n % 2 === 0 && bytes.length > 13) bytes[13] = 0x48; // Opus as stations send it
  return bytes;
}
