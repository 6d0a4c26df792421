import { createHash } from "node:crypto";
import type { Ringer } from "../../hub/call-api.ts";
import type { CallInfo } from "../../hub/call-info.ts";
import { CallRights } from "../../hub/call-rights.ts";
import type { Hub } from "../../hub/hub.ts";
import { Policy, type Principal } from "../../identity/policy.ts";
import { background } from "../../util/background.ts";
import { encryptMessage } from "./message.ts";
import type { PushOutcome, PushPost } from "./send.ts";
import type { Subscription, Subscriptions } from "./subscriptions.ts";
import type { VapidKey } from "./vapid.ts";

/** What the service worker of the page is told; it shows a notification for each. */
export interface PushMessage {
  readonly type: "ring" | "over" | "test";
  /** Of the call; messages about one call replace each other. */
  readonly call?: string;
  readonly title: string;
  readonly text: string;
  /** Wall-clock milliseconds: a ring that arrives later is a missed call. */
  readonly untilMs?: number;
}

/** Options of {@link Push}. */
export interface PushOptions {
  readonly hub: Pick<Hub, "calls" | "devices" | "identity" | "clock" | "log" | "rules">;
  readonly subscriptions: Subscriptions;
  readonly key: VapidKey;
  /** Without one nothing is sent: push services want to know whom to write to. */
  readonly subject: string | undefined;
  readonly post: PushPost;
}

/** How long a push service keeps word of what became of a ring. */
const overTtlS = 24 * 3600;

/** Rings the browsers of people whose page is closed. */
export class Push implements Disposable {
  readonly #options: PushOptions;
  readonly #ringers = new Map<string, Disposable>();
  readonly #rights: CallRights;

  constructor(options: PushOptions) {
    this.#options = options;
    const { devices, identity } = options.hub;
    // What the person may do now. The session in which the browser was added may be over: a phone that lies still for a
    // day rings all the same, and whoever answers signs in first.
    const rightsOf = ({ userId }: Principal) => identity.users.list().find(({ id }) => id === userId);
    this.#rights = new CallRights({ policy: new Policy({ rightsOf }), device: (id) => devices.get(id) });
    for (const one of options.subscriptions.list()) this.add(one);
  }

  /** From now on it is rung. */
  add(one: Subscription): void {
    this.drop(one.id);
    if (this.#options.subject === undefined) return;
    const ringer = this.#ringer(one);
    if (ringer) this.#ringers.set(one.id, this.#options.hub.calls.addRinger(ringer));
  }

  drop(id: string): void {
    this.#ringers.get(id)?.[Symbol.dispose]();
    this.#ringers.delete(id);
  }

  /** Sends a notification that says that it works; tells what became of it. */
  test(one: Subscription): Promise<PushOutcome> {
    const text = "Notifications work here: this device rings when somebody calls.";
    return this.#send(one, { type: "test", title: "Doorward", text }, { ttlS: 60 });
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#ringers.keys()]) this.drop(id);
  }

  #ringer(one: Subscription): Ringer | undefined {
    const { hub } = this.#options;
    const person = hub.identity.users.list().find(({ id }) => id === one.userId);
    if (!person) return undefined;
    const principal: Principal = {
      userId: person.id,
      name: person.name,
      via: "session",
      credentialId: `push:${one.id}`,
    };
    return {
      party: `person:${person.id}`,
      name: person.name,
      mayAnswer: (call) => this.#rights.mayAnswer(principal, call),
      ring: (call) => this.#ring(one, call),
      stop: (call, why) => {
        // On what they did themselves their phone needs no word.
        const own = `person:${one.userId}`;
        if (call.answeredBy?.party === own || call.endedBy?.party === own || why === "gone") return;
        this.#tell(one, over(call), { ttlS: overTtlS });
      },
    };
  }

  #ring(one: Subscription, call: CallInfo): void {
    const { hub } = this.#options;
    const ttlS = hub.rules().calls.ringS;
    const message: PushMessage = {
      type: "ring",
      call: call.id,
      title: call.from.name,
      text: "rings",
      untilMs: hub.clock.wallMs() + ttlS * 1000,
    };
    this.#tell(one, message, { ttlS });
  }

  #tell(one: Subscription, message: PushMessage, how: { readonly ttlS: number }): void {
    background(this.#send(one, message, how), (err) => this.#options.hub.log.error({ err }, "push failed"));
  }

  async #send(one: Subscription, message: PushMessage, { ttlS }: { readonly ttlS: number }): Promise<PushOutcome> {
    const { key, subject, post, hub } = this.#options;
    if (subject === undefined) return { state: "failed", why: "push.subject is not set" };
    const { endpoint, keys } = one;
    const body = encryptMessage(JSON.stringify(message), {
      p256dh: Buffer.from(keys.p256dh, "base64url"),
      auth: Buffer.from(keys.auth, "base64url"),
    });
    const nowMs = hub.clock.wallMs();
    const outcome = await post({
      endpoint,
      headers: {
        authorization: key.authorization(endpoint, { subject, nowMs }),
        "content-encoding": "aes128gcm",
        "content-type": "application/octet-stream",
        "content-length": String(body.length),
        ttl: String(ttlS),
        urgency: "high",
        ...(message.call !== undefined && { topic: topicOf(message.call) }),
      },
      body,
    });
    this.#became(one, outcome);
    if (outcome.state === "failed") {
      hub.log.warn({ push: new URL(endpoint).host }, `a notification was not taken: ${outcome.why}`);
    }
    return outcome;
  }

  #became(one: Subscription, outcome: PushOutcome): void {
    const { subscriptions, hub } = this.#options;
    if (outcome.state === "gone") {
      this.drop(one.id);
      subscriptions.forget(one.id);
      return;
    }
    // As it is kept now: it may have been renewed, or taken away, meanwhile.
    const kept = subscriptions.list().find(({ id }) => id === one.id);
    if (!kept) return;
    subscriptions.note(kept, outcome.state === "taken" ? { takenMs: hub.clock.wallMs() } : { failed: outcome.why });
  }
}

/** What became of a ring, in place of its notification. */
function over({ id, from, answeredBy, endedBy, endReason }: CallInfo): PushMessage {
  const who = answeredBy ?? endedBy;
  const text = answeredBy
    ? `answered by ${answeredBy.name}`
    : endReason === "declined"
      ? `declined${who ? ` by ${who.name}` : ""}`
      : endReason === "opened"
        ? "the door was opened"
        : "missed call";
  return { type: "over", call: id, title: from.name, text };
}

/** At most 32 letters of base64url (RFC 8030, 5.4); says nothing of the call. */
function topicOf(callId: string): string {
  return createHash("sha256").update(callId).digest("base64url").slice(0, 32);
}
