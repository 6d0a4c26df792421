import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** One connection of the door stations' protocol that reads no more of a message than the bench needs. */
export interface Wire extends AsyncDisposable {
  readonly socket: Socket;
  say(message: object): void;
  /** Called with each line. */
  onLine: (line: string) => void;
}

/** Connects and registers. Throws when it is not let in. */
export async function openWire(port: number, register: object): Promise<Wire> {
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true).setEncoding("latin1");
  await once(socket, "connect");
  const wire: Wire = {
    socket,
    say: (message) => socket.write(`${JSON.stringify(message)}\n`),
    onLine: () => {},
    [Symbol.asyncDispose]: async () => {
      const closed = once(socket, "close");
      socket.destroy();
      await closed;
    },
  };
  let rest = "";
  socket.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) wire.onLine(line);
  });
  const told = new Promise<string>((resolve) => {
    wire.onLine = resolve;
  });
  wire.say({ type: "register", ...register });
  const line = await told;
  if (!line.includes('"registered"')) throw new Error(`not let in: ${line}`);
  wire.onLine = () => {};
  return wire;
}

/** A station that opens sound as it is asked to and says yes to all else. */
export async function openStation(port: number, clientId: string): Promise<Wire> {
  const wire = await openWire(port, { role: "intercom", client_id: clientId });
  wire.onLine = (line) => {
    const { type, command_id, payload } = JSON.parse(line) as { type: string; command_id: string; payload: object };
    if (type !== "command") return;
    const sound = { encoding: "pcm_s16le", sample_rate: 16_000, channels: 1, ...payload };
    wire.say({ type: "response", command_id, status: "ok", payload: sound });
  };
  return wire;
}
