import { z } from "zod";
import type { Store } from "../identity/store.ts";
import { FatalError } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import { Serial } from "../util/serial.ts";
import { isNeverFetched, isOnHost, parseSayHost, type SayHost, sayHostForm } from "./say-host.ts";

const hostText = z
  .string()
  .max(280)
  .refine((text) => refusalOf(text) === undefined, { error: ({ input }) => refusalOf(String(input)) ?? "no host" });

/** `say:` of the configuration file. */
export const sayConfig = z
  .strictObject({
    hosts: z
      .array(hostText)
      .max(64)
      .readonly()
      .default([])
      .describe(`Where sounds may be fetched from, besides what administrators add on the page: ${sayHostForm}.`),
  })
  .prefault({})
  .describe("Sounds that are said from an address (`url`).");

/** {@link sayConfig} */
export type SayConfig = z.output<typeof sayConfig>;

/** A host from which somebody would have sounds fetched, until an administrator takes or refuses it. */
export interface SayOffer {
  readonly host: string;
  /** Who offers it: "Home Assistant". */
  readonly by: string;
  readonly atMs: number;
}

const keptSchema = z.object({
  hosts: z.array(z.string()),
  offers: z.array(z.object({ host: z.string(), by: z.string(), atMs: z.number() })),
  refused: z.array(z.string()),
});
type Kept = z.infer<typeof keptSchema>;

/** Most hosts that are added. */
const maxHosts = 64;
/** Most offers that wait, and most that are remembered as refused; the oldest go. */
const maxOffers = 8;
const maxRefused = 64;
const [kind, id] = ["say-hosts", "hub"] as const;

/** The hosts that sounds are fetched from: those of the configuration file, and those that administrators add. None at first. */
export class SayHosts {
  readonly #store: Pick<Store, "get" | "put">;
  readonly #changes: Listeners<void>;
  readonly #writes = new Serial();
  #kept: Kept;
  #configured: readonly string[] = [];
  #parsed: readonly SayHost[] = [];

  constructor(options: { readonly store: Pick<Store, "get" | "put">; readonly log: Log }) {
    this.#store = options.store;
    this.#changes = new Listeners((error) => options.log.error({ err: error }, "listener of sounds' hosts failed"));
    this.#kept = keptSchema.safeParse(options.store.get(kind, id)).data ?? { hosts: [], offers: [], refused: [] };
    this.#parse();
  }

  /** All of them; `configured`: it stands in the configuration file, and is taken out there. */
  list(): readonly { readonly host: string; readonly configured: boolean }[] {
    return this.#parsed.map(({ text }) => ({ host: text, configured: this.#configured.includes(text) }));
  }

  /** What waits for an administrator. */
  offers(): readonly SayOffer[] {
    return this.#kept.offers;
  }

  /** The host as lists show it. Throws FatalError `bad-host`. */
  textOf(written: string): string {
    return checked(written).text;
  }

  /** Whether sounds may be fetched from there. */
  allows(url: URL): boolean {
    return isOnHost(url, this.#parsed);
  }

  /** Calls `listener` when hosts or offers are others than before. */
  onChange(listener: () => void): Disposable {
    return this.#changes.add(listener);
  }

  /** Takes up what the configuration file says. */
  follow({ hosts }: SayConfig): void {
    this.#configured = hosts.flatMap((text) => parseSayHost(text)?.text ?? []);
    this.#parse();
    this.#changes.emit();
  }

  /** Adds one; gives it as lists show it. Throws FatalError `bad-host` with a sentence, and `too-many-hosts`. */
  add(written: string): Promise<string> {
    const { text } = checked(written);
    return this.#change((kept) => {
      if (kept.hosts.includes(text)) return kept;
      if (kept.hosts.length >= maxHosts) {
        throw new FatalError(`there are ${maxHosts} hosts already: take one out first`, { code: "too-many-hosts" });
      }
      return without(text, { ...kept, hosts: [...kept.hosts, text] });
    }).then(() => text);
  }

  /** Takes one out. Throws FatalError `not-found`, and `configured` for one of the configuration file. */
  remove(written: string): Promise<void> {
    const text = parseSayHost(written)?.text ?? written;
    return this.#change((kept) => {
      if (kept.hosts.includes(text)) return { ...kept, hosts: kept.hosts.filter((one) => one !== text) };
      if (this.#configured.includes(text)) {
        throw new FatalError(`${text} stands in the configuration file: take it out there`, { code: "configured" });
      }
      throw new FatalError(`${text} is not on the list`, { code: "not-found" });
    });
  }

  /** Offers hosts that are not listed and were not refused; an administrator is asked. Throws FatalError `bad-host`. */
  offer(written: readonly string[], { by, atMs }: { readonly by: string; readonly atMs: number }): Promise<void> {
    const texts = written.map((one) => checked(one).text);
    return this.#change((kept) => {
      const known = new Set([...this.list().map(({ host }) => host), ...kept.refused]);
      const fresh = texts.filter((text) => !known.has(text) && !kept.offers.some(({ host }) => host === text));
      if (fresh.length === 0) return kept;
      return { ...kept, offers: [...kept.offers, ...fresh.map((host) => ({ host, by, atMs }))].slice(-maxOffers) };
    });
  }

  /** Refuses an offer, for good: the same is not asked again. Throws FatalError `not-found`. */
  refuse(text: string): Promise<void> {
    return this.#change((kept) => {
      if (!kept.offers.some(({ host }) => host === text)) {
        throw new FatalError(`${text} was not offered`, { code: "not-found" });
      }
      const rest = without(text, kept);
      return { ...rest, refused: [...rest.refused, text].slice(-maxRefused) };
    });
  }

  #change(next: (kept: Kept) => Kept): Promise<void> {
    return this.#writes.run(async () => {
      const kept = next(this.#kept);
      if (kept === this.#kept) return;
      await this.#store.put(kind, id, kept);
      this.#kept = kept;
      this.#parse();
      this.#changes.emit();
    });
  }

  #parse(): void {
    const texts = new Set([...this.#configured, ...this.#kept.hosts]);
    this.#parsed = [...texts].flatMap((text) => parseSayHost(text) ?? []);
  }
}

function without(text: string, kept: Kept): Kept {
  const isOther = (one: string) => one !== text;
  return { ...kept, offers: kept.offers.filter(({ host }) => isOther(host)), refused: kept.refused.filter(isOther) };
}

function checked(written: string): SayHost {
  const sentence = refusalOf(written);
  const host = parseSayHost(written);
  if (sentence !== undefined || !host) throw new FatalError(sentence ?? written, { code: "bad-host" });
  return host;
}

/** Why it cannot be on the list, as a sentence. */
function refusalOf(written: string): string | undefined {
  const host = parseSayHost(written);
  if (!host)
    return `${JSON.stringify(written.slice(0, 64))} is no host that sounds can be fetched from: write ${sayHostForm}`;
  return isNeverFetched(host) ? `nothing is ever fetched from ${host.host}` : undefined;
}
