import { z } from "zod";
import { callHub } from "../../endpoints/room-station/hub-call.ts";

/** Options of {@link pairingCode}. */
export interface PairingOptions {
  /** Address of the WebSocket. */
  readonly backend: string;
  readonly deviceId: string;
  readonly token: string;
  /** Certificate authority by which the backend is known (PEM). */
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
}

const answerSchema = z.object({ code: z.string().max(16) });

/** A code by which somebody lets the device in; undefined where the backend gives none. Rejects where it cannot be asked. */
export async function pairingCode(options: PairingOptions): Promise<string | undefined> {
  const { backend, deviceId, token, ca, signal } = options;
  const url = new URL("/api/pairing/generate", backend.replace(/^ws/, "http"));
  url.searchParams.set("device_id", deviceId);
  const trust = ca === undefined ? undefined : { ca };
  const { status, text } = await callHub(url, { method: "POST", token, trust, signal });
  const answer = answerSchema.safeParse(status === 200 ? JSON.parse(text) : undefined);
  return answer.success ? answer.data.code : undefined;
}
