import { WireError } from "../../util/errors.ts";
import { attributeOf, errorOf, type StunAddress, textOf, xorAddressOf } from "./attributes.ts";
import {
  integrityHolds,
  longTermKey,
  parseStun,
  type StunAttribute,
  type StunMessage,
  serializeStun,
  stunAttributes,
  stunMethods,
} from "./message.ts";

/** How a server answered who asked it for a relay. */
export type Allocation =
  | {
      readonly outcome: "relays";
      /** Where it takes in what is meant for us. */
      readonly relayed: StunAddress;
      /** As it sees us. */
      readonly mapped: StunAddress | undefined;
      readonly lifetimeS: number;
      readonly realm: string | undefined;
      /** It asked for no credentials. */
      readonly open: boolean;
    }
  | {
      readonly outcome: "refused";
      readonly code: number;
      readonly reason: string;
      readonly realm: string | undefined;
      /** The realm was another one at first. */
      readonly otherRealm: boolean;
    };

/** Options of {@link AllocateExchange}. */
export interface AllocateOptions {
  readonly username: string;
  readonly password: string;
  /** So many random bytes. */
  readonly random: (bytes: number) => Uint8Array;
}

const udp = Uint8Array.from([17, 0, 0, 0]);
/** A nonce may end while we ask; who says so again and again is wrong. */
const maxStale = 2;

/**
 * Asks a TURN server for a relay with long-term credentials (RFC 8656, 7; RFC 8489, 9.2): what to send, and what came of it.
 * After success `sign` signs requests about the relay.
 */
export class AllocateExchange {
  readonly #options: AllocateOptions;
  #realm: string | undefined;
  #nonce: string | undefined;
  #stale = 0;
  #otherRealm = false;
  /** What is to be sent now, again and again until something answers. */
  request: Uint8Array;

  constructor(options: AllocateOptions) {
    this.#options = options;
    this.request = this.#allocate();
  }

  /** What the server said: how it ended, or undefined when `request` is to be sent, as before or anew. Throws WireError. */
  receive(bytes: Uint8Array): Allocation | undefined {
    const message = parseStun(bytes);
    const own = Buffer.compare(message.transactionId, this.request.subarray(8, 20)) === 0;
    if (!own || message.method !== stunMethods.allocate) return undefined;
    if (message.kind === "success") return this.#allocated(message, bytes);
    return message.kind === "error" ? this.#refused(message) : undefined;
  }

  /** A request about the relay (permission, refresh), signed. */
  sign(method: number, attributes: readonly StunAttribute[]): Uint8Array {
    const { username, random } = this.#options;
    const [realm, nonce] = [this.#realm, this.#nonce];
    const transactionId = random(12);
    if (realm === undefined || nonce === undefined) {
      return serializeStun({ method, kind: "request", transactionId, attributes });
    }
    const who = [
      text(stunAttributes.username, username),
      text(stunAttributes.realm, realm),
      text(stunAttributes.nonce, nonce),
    ];
    return serializeStun(
      { method, kind: "request", transactionId, attributes: [...attributes, ...who] },
      this.#key(realm),
    );
  }

  #allocate(): Uint8Array {
    return this.sign(stunMethods.allocate, [{ type: stunAttributes.requestedTransport, value: udp }]);
  }

  #key(realm: string): Uint8Array {
    return longTermKey({ ...this.#options, realm });
  }

  #allocated(message: StunMessage, bytes: Uint8Array): Allocation {
    const realm = this.#realm;
    if (realm !== undefined && !integrityHolds(bytes, this.#key(realm)))
      throw new WireError("an answer that is forged");
    const relayed = xorAddressOf(message, stunAttributes.xorRelayedAddress);
    if (!relayed) throw new WireError("an answer without the relay's address");
    const lifetime = attributeOf(message, stunAttributes.lifetime);
    return {
      outcome: "relays",
      relayed,
      mapped: xorAddressOf(message, stunAttributes.xorMappedAddress),
      lifetimeS: lifetime?.length === 4 ? Buffer.from(lifetime).readUInt32BE() : 0,
      realm,
      open: realm === undefined,
    };
  }

  #refused(message: StunMessage): Allocation | undefined {
    const error = errorOf(message) ?? { code: 0, reason: "" };
    const [realm, nonce] = [textOf(message, stunAttributes.realm), textOf(message, stunAttributes.nonce)];
    const first = error.code === 401 && this.#realm === undefined;
    const stale = error.code === 438 && this.#stale++ < maxStale;
    if ((first || stale) && realm !== undefined && nonce !== undefined) {
      this.#otherRealm ||= this.#realm !== undefined && this.#realm !== realm;
      this.#realm = realm;
      this.#nonce = nonce;
      this.request = this.#allocate();
      return undefined;
    }
    const otherRealm = this.#otherRealm || (realm !== undefined && this.#realm !== undefined && realm !== this.#realm);
    return { outcome: "refused", ...error, realm: realm ?? this.#realm, otherRealm };
  }
}

function text(type: number, value: string): StunAttribute {
  return { type, value: Buffer.from(value, "utf8") };
}
