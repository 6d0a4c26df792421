import type { Page } from "playwright-core";
import type { AuditEntry, PageDevice, User } from "../../web/src/api.ts";
import { readSentences, type Sentence, type Truth, untrue } from "./page-sentences.ts";

/** A page whose sentences are compared with the hub. */
export interface Followed {
  readonly page: Page;
  readonly me: string;
  /** Messages that the hub has sent it so far. */
  told(): number;
  /** Resolves with its next one. */
  next(): Promise<void>;
  /** The preview that was looked for in the form that is open, as the hub last told it. */
  preview(): Promise<PageDevice | undefined>;
}

/** How long page and hub may disagree: a message is on its way, or a picture is being opened. */
const settleMs = 10_000;

/** Counts what the hub tells a page from now on. */
export function follow(page: Page, me: string): Followed {
  let count = 0;
  let next = Promise.withResolvers<void>();
  const previews = new Map<string, PageDevice>();
  let probed: { readonly hash: string; readonly id: Promise<string | undefined> } | undefined;
  const hashNow = () => new URL(page.url()).hash;
  page.on("response", (answer) => {
    if (!answer.ok() || new URL(answer.url()).pathname !== "/api/v1/probe") return;
    const id = answer.json().then(
      (found: { readonly id?: string }) => found.id,
      () => undefined, // the page has gone on
    );
    probed = { hash: hashNow(), id };
  });
  page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => {
      count++;
      const told = payload.includes('"preview-') ? (JSON.parse(String(payload)) as { device?: PageDevice }) : {};
      if (told.device) previews.set(told.device.id, told.device);
      next.resolve();
      next = Promise.withResolvers();
    }),
  );
  const preview = async () => previews.get((probed?.hash === hashNow() ? await probed.id : undefined) ?? "");
  return { page, me, told: () => count, next: () => next.promise, preview };
}

/**
 * Compares every sentence of the page with what the hub says at the same time, again whenever either says something else. Fails
 * with the sentences that are untrue when they do not agree within ten seconds. With `of` only those are compared.
 */
export async function agree(
  followed: Followed,
  of: (sentence: Sentence) => boolean = () => true,
): Promise<readonly Sentence[]> {
  const { page, told, next } = followed;
  const over = AbortSignal.timeout(settleMs);
  for (;;) {
    const before = told();
    const truth = await ask(followed);
    const sentences = (await readSentences(page)).filter(of);
    const wrong = untrue(sentences, truth);
    if (wrong.length === 0) return sentences;
    if (over.aborted) throw new Error(`the page does not agree with the hub:\n${wrong.join("\n")}`);
    if (told() === before) await Promise.race([next(), otherwise(page, { before: sentences, of }), aborted(over)]);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Resolves when the page says something else. */
async function otherwise(
  page: Page,
  { before, of }: { readonly before: readonly Sentence[]; readonly of: (sentence: Sentence) => boolean },
): Promise<void> {
  const texts = (sentences: readonly Sentence[]) =>
    sentences.map(({ text, audible }) => `${text}${audible}`).join("\n");
  const until = performance.now() + settleMs;
  while (performance.now() < until) {
    await page.evaluate(() => new Promise(requestAnimationFrame));
    if (texts((await readSentences(page)).filter(of)) !== texts(before)) return;
  }
}

/** What the hub says now, to whoever is signed in on the page. */
async function ask({ page, me, preview }: Followed): Promise<Truth> {
  const none: Truth = { answers: false, me, devices: [], audit: [], users: [] };
  const base = new URL(page.url()).origin;
  const get = async <T>(path: string): Promise<T | undefined> => {
    const answer = await page.context().request.get(`${base}/api/v1/${path}`);
    return answer.ok() ? ((await answer.json()) as T) : undefined;
  };
  try {
    const devices = await get<{ devices: PageDevice[] }>("devices");
    const [, changed] = /^#\/edit\/([^/?]+)/.exec(new URL(page.url()).hash) ?? [];
    const audit = await get<{ entries: AuditEntry[] }>("audit?limit=200");
    const users = await get<{ users: User[] }>("users");
    return {
      answers: true,
      me,
      devices: devices?.devices ?? [],
      form: (await preview()) ?? devices?.devices.find(({ id }) => id === changed),
      audit: audit?.entries ?? [],
      users: users?.users ?? [],
    };
  } catch {
    return none; // nothing answers there
  }
}
