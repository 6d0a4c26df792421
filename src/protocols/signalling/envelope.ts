import { z } from "zod";
import { WireError } from "../../util/errors.ts";
import type { MessageOf, MessageTable } from "./messages.ts";

const envelope = z.object({
  type: z.string().min(1).max(64),
  payload: z.record(z.string(), z.unknown()).nullish(),
  request_id: z.string().max(128).nullish(),
});

/**
 * Reads one text frame: `{ type, ts, payload, request_id? }` (seed 002; `ts` is not looked at). Undefined for a type that the
 * table does not have, which both ends pass over. Throws WireError with a sentence for what is none.
 */
export function readMessage<Table extends MessageTable>(text: string, table: Table): MessageOf<Table> | undefined {
  const read = envelope.safeParse(json(text));
  if (!read.success) throw new WireError("a message is an object with a type and a payload");
  const { type, payload, request_id: requestId } = read.data;
  const schema = Object.hasOwn(table, type) ? table[type] : undefined;
  if (!schema) return undefined;
  const checked = schema.safeParse(payload ?? {});
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new WireError(`${type}: ${issue?.path.join(".") ?? "payload"} ${issue?.message ?? "is wrong"}`);
  }
  const message = { type, payload: checked.data, ...(typeof requestId === "string" && { requestId }) };
  return message as MessageOf<Table>;
}

/** The `request_id` of what could not be read, so that its sender knows which of its messages it was. */
export function requestIdOf(text: string): string | undefined {
  try {
    const read = envelope.pick({ request_id: true }).safeParse(json(text));
    return read.data?.request_id ?? undefined;
  } catch {
    return undefined;
  }
}

/** Writes one; `request_id` only in answers, where it is null when the request had none. */
export function writeMessage<Table extends MessageTable, Type extends keyof Table & string>(
  type: Type,
  payload: z.input<Table[Type]>,
  how: { readonly wallMs: number; readonly answers?: { readonly requestId?: string | undefined } },
): string {
  const ts = new Date(how.wallMs).toISOString();
  return JSON.stringify({ type, ts, payload, ...(how.answers && { request_id: how.answers.requestId ?? null }) });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new WireError("a message is JSON");
  }
}
