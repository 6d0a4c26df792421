import type { IncomingMessage } from "node:http";
import { z } from "zod";

/** Why a backend opened no WebSocket. */
export interface UpgradeRefusal {
  readonly why: string;
  /** True where only a person can mend it: a wrong address, a name that the backend does not answer to, a wrong token. */
  readonly person: boolean;
}

const maxBytes = 4096;
/** Doorward's own port, and its page's. */
const said = z.union([
  z.object({ detail: z.string().min(1).max(500) }).transform(({ detail }) => detail),
  z.object({ error: z.string().min(1).max(500) }).transform(({ error }) => error),
]);

/** Reads the answer to an upgrade that was refused. Rejects when it breaks off. */
export async function refusalOf(response: IncomingMessage): Promise<UpgradeRefusal> {
  const { statusCode = 0, headers } = response;
  const body = await beginningOf(response);
  const told = said.safeParse(json(body));
  const person = statusCode >= 300 && statusCode < 500 && statusCode !== 408 && statusCode !== 429;
  const own = told.success ? `: ${told.data}` : "";
  if (statusCode < 400 && headers.location) {
    return { why: `the backend is elsewhere: ${headers.location.slice(0, 200)} (--backend)`, person };
  }
  if (statusCode === 404 && !own) return { why: "there is no backend for agents at this address (404)", person };
  return { why: `the backend refuses the connection (${statusCode})${own}`, person };
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of response as AsyncIterable<Buffer>) {
    text += part.toString("utf8");
    if (text.length >= maxBytes) break;
  }
  return text.slice(0, maxBytes);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
