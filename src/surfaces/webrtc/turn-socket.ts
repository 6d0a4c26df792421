import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { AllocateExchange, type AllocateOptions, type Allocation } from "../../protocols/stun/allocate.ts";
import { stunAttributes, stunLength, stunMethods } from "../../protocols/stun/message.ts";
import type { Clock } from "../../util/clock.ts";
import { RecoverableError, WireError } from "../../util/errors.ts";
import { every } from "../../util/every.ts";
import { networkReason } from "../../util/network-reason.ts";
import { tls } from "../../util/node-tls.ts";

/** A TURN server as a URL names it (RFC 7065). */
export interface TurnPlace {
  readonly host: string;
  readonly port: number;
  readonly transport: "udp" | "tcp" | "tls";
}

const resendMs = 500;
const patienceMs = 3000;
const maxBytes = 4096;

/** Reads `turn:host:port?transport=udp`, `turns:host`. Undefined for anything else. */
export function readTurnUrl(url: string): TurnPlace | undefined {
  const found = /^(turns?):(\[[\da-f:.]+\]|[^:?[\]]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/i.exec(url);
  if (!found) return undefined;
  const [, scheme = "", host = "", port, transport] = found;
  const secure = scheme.toLowerCase() === "turns";
  return {
    host: host.replace(/^\[|\]$/g, ""),
    port: port === undefined ? (secure ? 5349 : 3478) : Number(port),
    transport: secure ? "tls" : transport?.toLowerCase() === "tcp" ? "tcp" : "udp",
  };
}

/** A relay is refreshed by this when it is given back (RFC 8656, 7.1). */
const noLifetime = { type: stunAttributes.lifetime, value: new Uint8Array(4) };

/** Sends and takes in whole messages. */
interface MessageSocket extends Disposable {
  send(bytes: Uint8Array): void;
  /** It cannot be sent, or the other end left. */
  readonly failed: Promise<never>;
}

/**
 * Asks a TURN server for a relay, which is given back: over TCP and TLS by leaving, over UDP by a word that nobody waits to be
 * answered; where it is lost the relay ends by its lifetime. Rejects with RecoverableError: `silent` when nothing answers
 * within 3 s, `unreachable` when it cannot be spoken to, WireError for answers that are none.
 */
export async function allocate(
  place: TurnPlace,
  credentials: Omit<AllocateOptions, "random">,
  how: { readonly clock: Clock; readonly random: AllocateOptions["random"] },
): Promise<Allocation> {
  const { clock, random } = how;
  const exchange = new AllocateExchange({ ...credentials, random });
  const ended = Promise.withResolvers<Allocation>();
  using socket = await open(place, {
    onMessage: (bytes) => {
      try {
        const asked = exchange.request;
        const outcome = exchange.receive(bytes);
        if (outcome) ended.resolve(outcome);
        else if (exchange.request !== asked) socket.send(exchange.request);
      } catch (error) {
        ended.reject(error instanceof WireError ? error : new WireError("no answer of TURN", { cause: error }));
      }
    },
    clock,
  });
  socket.send(exchange.request);
  using _again = place.transport === "udp" ? every(clock, resendMs, () => socket.send(exchange.request)) : undefined;
  using _patience = clock.timer(patienceMs, () => ended.reject(silent()));
  const allocation = await Promise.race([ended.promise, socket.failed]);
  if (allocation.outcome === "relays" && place.transport === "udp")
    socket.send(exchange.sign(stunMethods.refresh, [noLifetime]));
  return allocation;
}

interface OpenOptions {
  readonly onMessage: (bytes: Uint8Array) => void;
  readonly clock: Clock;
}

function open(place: TurnPlace, options: OpenOptions): Promise<MessageSocket> {
  return place.transport === "udp" ? openUdp(place, options) : openStream(place, options);
}

async function openUdp({ host, port }: TurnPlace, { onMessage }: OpenOptions): Promise<MessageSocket> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4", (bytes) => onMessage(bytes));
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  socket.on("error", (error) => failed.reject(unreachable(error)));
  socket.connect(port, host);
  try {
    await Promise.race([once(socket, "connect"), failed.promise]);
  } catch (error) {
    socket.close();
    throw unreachable(error);
  }
  let unsent = 0;
  let isLeft = false;
  const leave = () => {
    if (isLeft && unsent === 0) socket.close();
  };
  return {
    send: (bytes) => {
      unsent++;
      socket.send(bytes, (error) => {
        unsent--;
        if (error) failed.reject(unreachable(error));
        leave();
      });
    },
    failed: failed.promise,
    [Symbol.dispose]: () => {
      isLeft = true;
      leave();
    },
  };
}

async function openStream(place: TurnPlace, { onMessage, clock }: OpenOptions): Promise<MessageSocket> {
  const { host, port, transport } = place;
  const socket = transport === "tls" ? tls().connect({ host, port, servername: host }) : connect({ host, port });
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  socket.on("error", (error) => failed.reject(unreachable(error)));
  socket.on("close", () => failed.reject(new RecoverableError("it hung up", { code: "unreachable" })));
  let kept = Buffer.alloc(0);
  socket.on("data", (bytes: Buffer) => {
    kept = Buffer.concat([kept, bytes]);
    try {
      for (let length = stunLength(kept); length !== undefined && kept.length >= length; length = stunLength(kept)) {
        onMessage(kept.subarray(0, length));
        kept = kept.subarray(length);
      }
      if (kept.length > maxBytes) throw new WireError("a STUN message that is too long");
    } catch (error) {
      failed.reject(error as Error);
    }
  });
  using _patience = clock.timer(patienceMs, () => failed.reject(silent()));
  try {
    await Promise.race([once(socket, transport === "tls" ? "secureConnect" : "connect"), failed.promise]);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return { send: (bytes) => socket.write(bytes), failed: failed.promise, [Symbol.dispose]: () => socket.destroy() };
}

function silent(): RecoverableError {
  return new RecoverableError(`nothing answers within ${patienceMs / 1000} s`, { code: "silent" });
}

function unreachable(error: unknown): RecoverableError {
  if (error instanceof RecoverableError) return error;
  return new RecoverableError(networkReason(error), {
    code: "unreachable",
    cause: error,
  });
}
