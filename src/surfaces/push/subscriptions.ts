import { createHash } from "node:crypto";
import { z } from "zod";
import { dropStatement, putStatement, type Store } from "../../identity/store.ts";

const kind = "push-subscription";
/** Browsers of one person, and of all. */
export const mostOfOne = 16;
const mostOfAll = 512;

const bytes = (length: number) =>
  z
    .string()
    .max(128)
    .refine((text) => Buffer.from(text, "base64url").length === length, { message: `${length} bytes in base64url` });

function isPlain(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { username, port } = new URL(url);
  return username === "" && port === "";
}

/** What a browser says when it subscribes (`PushSubscription.toJSON`). */
export const subscriptionBody = z.strictObject({
  endpoint: z
    .url({ protocol: /^https$/ })
    .max(1024)
    .refine(isPlain, { message: "an https address without a port or a user" }),
  keys: z.strictObject({ p256dh: bytes(65), auth: bytes(16) }),
  name: z.string().trim().min(1).max(64).describe("What the person calls this browser."),
});

const keptSchema = subscriptionBody.extend({
  userId: z.string(),
  addedMs: z.number(),
  takenMs: z.number().optional(),
  failed: z.string().optional(),
});

/** A browser that takes notifications for a person. */
export interface Subscription extends z.output<typeof keptSchema> {
  readonly id: string;
}

/** The browsers that take notifications; kept in the database. */
export class Subscriptions {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  list(): readonly Subscription[] {
    return this.#store.read("SELECT id, value FROM kept WHERE kind = ?", kind).flatMap((row) => {
      const kept = keptSchema.safeParse(JSON.parse(String(row["value"])));
      return kept.success ? [{ ...kept.data, id: String(row["id"]) }] : [];
    });
  }

  of(userId: string): readonly Subscription[] {
    return this.list().filter((one) => one.userId === userId);
  }

  /** Adds one or renews it; a browser that belonged to somebody else is theirs no longer. Undefined: there are too many. */
  async put(
    body: z.output<typeof subscriptionBody>,
    { userId, nowMs }: { readonly userId: string; readonly nowMs: number },
  ): Promise<Subscription | undefined> {
    const id = createHash("sha256").update(body.endpoint).digest("base64url").slice(0, 22);
    const all = this.list();
    const before = all.find((one) => one.id === id && one.userId === userId);
    const others = all.filter((one) => one.id !== id);
    if (others.length >= mostOfAll || others.filter((one) => one.userId === userId).length >= mostOfOne)
      return undefined;
    const { id: _, ...kept } = before ?? { id, addedMs: nowMs };
    const next = { ...kept, ...body, userId };
    await this.#store.put(kind, id, next);
    return { ...next, id };
  }

  /** Notes that it took a message, or why it did not. */
  note({ id, ...kept }: Subscription, became: { readonly takenMs: number } | { readonly failed: string }): void {
    const { failed: _, ...rest } = kept;
    this.#store.note([putStatement(kind, id, { ...rest, ...became })], `${kind} ${id}`);
  }

  /** The browser is gone. */
  forget(id: string): void {
    this.#store.note([dropStatement(kind, id)], `${kind} ${id}`);
  }

  async remove(id: string): Promise<void> {
    await this.#store.drop(kind, id);
  }
}
