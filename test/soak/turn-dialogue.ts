import { createHmac, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { AllocateExchange, type Allocation } from "../../src/protocols/stun/allocate.ts";
import { errorOf, xorAddress } from "../../src/protocols/stun/attributes.ts";
import { parseStun, stunAttributes, stunMethods } from "../../src/protocols/stun/message.ts";

/** A client of a TURN server on loopback that holds a relay. */
export interface TurnDialogue extends AsyncDisposable {
  readonly allocation: Allocation;
  /** Asks for a permission to send to an address; gives the code of the refusal. */
  permission(address: string): Promise<number | undefined>;
}

/** Asks for a relay. */
export async function turnDialogue(who: {
  readonly port: number;
  readonly username: string;
  readonly secret: string;
}): Promise<TurnDialogue> {
  const { port, username, secret } = who;
  const password = createHmac("sha1", secret).update(username).digest("base64");
  const exchange = new AllocateExchange({ username, password, random: randomBytes });
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const ask = async (bytes: Uint8Array) => {
    const answer = once(socket, "message", { signal: AbortSignal.timeout(3000) });
    socket.send(bytes, port, "127.0.0.1");
    return (await answer)[0] as Buffer;
  };
  let allocation: Allocation | undefined;
  while (!allocation) allocation = exchange.receive(await ask(exchange.request));
  return {
    allocation,
    permission: async (address) => {
      const peer = xorAddress(stunAttributes.xorPeerAddress, { address, port: 9 });
      return errorOf(parseStun(await ask(exchange.sign(stunMethods.createPermission, [peer]))))?.code;
    },
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, "close");
    },
  };
}
