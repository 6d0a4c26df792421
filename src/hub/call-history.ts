import { type Statement, statement } from "../identity/statement.ts";
import type { Row, Store } from "../identity/store.ts";
import type { CallEvent } from "./call-api.ts";
import { type CallInfo, callInfoSchema } from "./call-info.ts";

/** A call of the past or of now, as the history keeps it. */
export interface PastCall {
  readonly call: CallInfo;
  /** True when there is a picture of who called. */
  readonly hasSnapshot: boolean;
}

/** Calls that are kept, give or take a few; the oldest go first. */
export const historyLimit = 2000;
/** Pictures that are kept. */
export const snapshotLimit = 200;
const maxSnapshotBytes = 256 * 1024;
const pruneEvery = 32;

/** What was called, when, and what became of it: kept over restarts. */
export class CallHistory {
  readonly #store: Store;
  #written = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Notes how a call stands; waits for nobody. */
  follow({ call, change }: Pick<CallEvent, "call" | "change">): void {
    this.#store.note([keep(call)], `call ${call.id}`);
    if (change === "ringing" && ++this.#written % pruneEvery === 0) this.#store.note(prune(), "call-prune");
  }

  /** Keeps a picture of who called. One that is too large is left out. */
  addSnapshot(id: string, jpeg: Uint8Array): void {
    if (jpeg.byteLength > maxSnapshotBytes) return;
    this.#store.note([statement("UPDATE calls SET snapshot = ? WHERE id = ?", jpeg, id)], `call-snapshot ${id}`);
  }

  /** The calls, newest first; `before` is the `startedMs` of the last one that was read. */
  list(options: { readonly before?: number | undefined; readonly limit: number }): readonly PastCall[] {
    const sql =
      "SELECT info, snapshot IS NOT NULL AS seen FROM calls WHERE started_ms < ? ORDER BY started_ms DESC LIMIT ?";
    return this.#store.read(sql, options.before ?? Number.MAX_SAFE_INTEGER, options.limit).flatMap(pastOf);
  }

  /** One call; undefined when there is none. */
  get(id: string): PastCall | undefined {
    return this.#store.read("SELECT info, snapshot IS NOT NULL AS seen FROM calls WHERE id = ?", id).flatMap(pastOf)[0];
  }

  /** The picture of who called (JPEG). */
  snapshot(id: string): Uint8Array | undefined {
    const row = this.#store.one("SELECT snapshot FROM calls WHERE id = ?", id);
    const bytes = row?.["snapshot"];
    return bytes instanceof Uint8Array ? bytes : undefined;
  }

  /** Ends what ran when the hub ended without having said so; gives the calls that it ended. */
  endLeftovers(nowMs: number): readonly CallInfo[] {
    const rows = this.#store.read("SELECT info, 0 AS seen FROM calls WHERE state <> 'ended'");
    const ended = rows
      .flatMap(pastOf)
      .map(
        ({ call }): CallInfo => ({ ...call, state: "ended", participants: [], endReason: "restarted", endedMs: nowMs }),
      );
    if (ended.length > 0) this.#store.note(ended.map(keep), "calls-restarted");
    return ended;
  }
}

function keep(call: CallInfo): Statement {
  return statement(
    `INSERT INTO calls (id, started_ms, state, info) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET state = excluded.state, info = excluded.info`,
    call.id,
    call.startedMs,
    call.state,
    JSON.stringify(call),
  );
}

function prune(): readonly Statement[] {
  const oldest = (limit: number) => `(SELECT id FROM calls ORDER BY started_ms DESC LIMIT -1 OFFSET ${limit})`;
  return [
    statement(`DELETE FROM calls WHERE state = 'ended' AND id IN ${oldest(historyLimit)}`),
    statement(`UPDATE calls SET snapshot = NULL WHERE id IN ${oldest(snapshotLimit)}`),
  ];
}

/** What cannot be read is left out: it may be of a newer version. */
function pastOf(row: Row): readonly PastCall[] {
  const parsed = callInfoSchema.safeParse(JSON.parse(String(row["info"])));
  return parsed.success ? [{ call: parsed.data, hasSnapshot: Number(row["seen"]) === 1 }] : [];
}
