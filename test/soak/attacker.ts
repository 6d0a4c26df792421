// One resident with the right to view, and 200 strange addresses, who ask for all they can get until they are ended:
//   node test/soak/attacker.ts <url> <cookie> <dead device> <offer, base64>
import { Agent, request } from "node:http";
import WebSocket from "ws";

const [url = "", cookie = "", dead = "", offer = ""] = process.argv.slice(2);
const offerSdp = Buffer.from(offer, "base64").toString();
const resident = new Agent({ keepAlive: true, maxSockets: 128 });

/** Statuses so far; told when the parent asks for it. */
const statuses = new Map<string, number>();
process.on("message", () => process.send?.([...statuses]));

interface Asked {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly from?: string;
}

function ask({ what, method, path, headers, body, from }: Asked): Promise<void> {
  return new Promise((resolve) => {
    const outgoing = request(new URL(path, url), {
      method,
      headers: { "x-doorward": "1", ...headers },
      ...(from === undefined ? { agent: resident } : { agent: false, localAddress: from }),
    });
    const done = (how: string) => {
      statuses.set(`${what} ${how}`, (statuses.get(`${what} ${how}`) ?? 0) + 1);
      resolve();
    };
    outgoing.on("response", (response) => {
      response.resume();
      response.on("close", () => done(String(response.statusCode)));
    });
    outgoing.on("error", () => done("no answer"));
    outgoing.end(body);
  });
}

async function forever(count: number, wish: (n: number) => Asked): Promise<void> {
  for (let n = 0; ; n += count) await Promise.all(Array.from({ length: count }, (_, i) => ask(wish(n + i))));
}

const sdp = { cookie, "content-type": "application/sdp" };
const json = { "content-type": "application/json" };
void forever(1000, () => ({ what: "watch", method: "POST", path: `/whep/${dead}`, headers: sdp, body: offerSdp }));
void forever(64, (n) => ({
  what: "still",
  method: "GET",
  path: `/api/v1/devices/${dead}/snapshot?width=${16 + (n % 100) * 16}`,
  headers: { cookie },
}));
void forever(200, (n) => ({
  what: "log-in",
  method: "POST",
  path: "/api/v1/login",
  headers: json,
  from: `127.0.${1 + ((n % 200) >> 6)}.${1 + (n % 64)}`,
  body: JSON.stringify({ name: n % 2 ? "Anna" : `somebody ${n}`, password: "wrong" }),
}));
for (let n = 0; n < 1000; n++) {
  const socket = new WebSocket(new URL("/api/v1/events", url).href.replace("http", "ws"), { headers: { cookie } });
  socket.on("error", () => {});
}
