import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { within } from "../within.ts";

/** A line of what `mdns-peer.py` says. */
export interface MdnsSays {
  readonly event: "browsing" | "announced" | "added" | "updated" | "removed";
  readonly type?: string;
  readonly name?: string;
  readonly port?: number;
  readonly addresses?: readonly string[];
  readonly host?: string;
  readonly txt?: Readonly<Record<string, string>>;
}

/** python-zeroconf on a network. Ended when disposed. */
export interface MdnsPeer extends AsyncDisposable {
  readonly said: readonly MdnsSays[];
  /** What it says, or has said and nobody took, that `is` so. */
  next(what: string, is: (said: MdnsSays) => boolean, ms?: number): Promise<MdnsSays>;
}

/** Starts it; resolves when it browses or is announced. `through` runs it in a network namespace. */
export async function startMdnsPeer(words: readonly string[], through: readonly string[] = []): Promise<MdnsPeer> {
  const script = join(import.meta.dirname, "mdns-peer.py");
  const [command = "", ...args] = [...through, "/usr/bin/python3", script, ...words];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const said: MdnsSays[] = [];
  const heard = new EventTarget();
  createInterface({ input: child.stdout }).on("line", (line) => {
    said.push(JSON.parse(line) as MdnsSays);
    heard.dispatchEvent(new Event("said"));
  });
  const taken = new Set<MdnsSays>();
  const find = async (is: (said: MdnsSays) => boolean): Promise<MdnsSays> => {
    for (;;) {
      const found = said.find((one) => !taken.has(one) && is(one));
      if (found) taken.add(found);
      if (found) return found;
      await once(heard, "said");
    }
  };
  const next: MdnsPeer["next"] = (what, is, ms = 15_000) => within(what, find(is), ms);
  await next("the peer of mDNS runs", ({ event }) => event === "browsing" || event === "announced");
  return {
    said,
    next,
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}
