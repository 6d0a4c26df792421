import { z } from "zod";

/** Options of {@link pairingCode}. */
export interface PairingOptions {
  /** Address of the WebSocket. */
  readonly backend: string;
  readonly deviceId: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

const answerSchema = z.object({ code: z.string().max(16) });
const timeoutMs = 10_000;

/** A code by which somebody lets the device in; undefined where the backend gives none. Rejects where it cannot be asked. */
export async function pairingCode({ backend, deviceId, token, signal }: PairingOptions): Promise<string | undefined> {
  const url = new URL("/api/pairing/generate", backend.replace(/^ws/, "http"));
  url.searchParams.set("device_id", deviceId);
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  const answer = answerSchema.safeParse(response.ok ? await response.json() : undefined);
  return answer.success ? answer.data.code : undefined;
}
