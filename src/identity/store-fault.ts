import { messageOf, RecoverableError } from "../util/errors.ts";

/** What can be wrong with the place where the hub keeps things. */
export type StoreFaultKind = "full" | "read-only" | "locked" | "damaged" | "failing" | "silent";

interface FaultText {
  /** For everybody: no path in it. */
  readonly what: string;
  /** For the administrator. */
  readonly advice: string;
}

const texts: Readonly<Record<StoreFaultKind, FaultText>> = {
  full: {
    what: "The hub's disk is full",
    advice: "Make room on the disk that holds the hub's data; nothing has to be restarted.",
  },
  "read-only": {
    what: "The hub's data cannot be written",
    advice:
      "Look whether the disk was mounted read-only or the files belong to somebody else; nothing has to be restarted.",
  },
  locked: {
    what: "Another program keeps the hub's database locked",
    advice: "End the program that has the database open (a backup, a database browser); nothing has to be restarted.",
  },
  damaged: {
    what: "The hub's database is damaged",
    advice: "Stop the hub and put back a copy of the database; what is read from it meanwhile may be wrong.",
  },
  failing: {
    what: "The hub's disk reports errors",
    advice: "Look at the system's log (dmesg) and replace the disk or card; copy the hub's data away first.",
  },
  silent: {
    what: "The hub's disk does not answer",
    advice: "Look whether the disk or network share that holds the hub's data is there; nothing has to be restarted.",
  },
};

/** Nothing could be written. Code `store`; its sentence is fit for everybody. */
export class StoreFault extends RecoverableError {
  readonly kind: StoreFaultKind;
  /** What the administrator can do. */
  readonly advice: string;

  constructor(kind: StoreFaultKind, options: { readonly cause?: unknown } = {}) {
    super(`${texts[kind].what}: this could not be kept. Try again in a moment.`, {
      code: "store",
      cause: options.cause,
      fields: { kind },
    });
    this.kind = kind;
    this.advice = texts[kind].advice;
  }

  /** The fault alone, without what came of it. */
  get what(): string {
    return texts[this.kind].what;
  }
}

/** SQLite's primary result codes (sqlite.org/rescode.html) that are about the place, not about the statement. */
const kinds: Readonly<Record<number, StoreFaultKind>> = {
  5: "locked",
  6: "locked",
  8: "read-only",
  10: "failing",
  11: "damaged",
  13: "full",
  14: "read-only",
  26: "damaged",
};

/** SQLite's extended result code of an error that it threw; undefined for any other. */
export function errcodeOf(error: unknown): number | undefined {
  const errcode = (error as { readonly errcode?: unknown } | undefined)?.errcode;
  return typeof errcode === "number" ? errcode : undefined;
}

/** The fault behind an error of SQLite; undefined when the statement was at fault, or it is no error of SQLite. */
export function faultOf(error: unknown): StoreFault | undefined {
  if (error instanceof StoreFault) return error;
  const kind = kinds[(errcodeOf(error) ?? 0) & 0xff];
  return kind && new StoreFault(kind, { cause: error });
}

/** Any error as a fault: what is not known is the disk's. */
export function asFault(error: unknown): StoreFault {
  return faultOf(error) ?? new StoreFault("failing", { cause: messageOf(error) });
}
