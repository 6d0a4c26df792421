import type { FromHub } from "../../protocols/door/messages.ts";
import { type DoorReason, doorReasons } from "../../protocols/door/reasons.ts";
import { DoorwardError } from "../../util/errors.ts";

/** Reasons for which to call again is of no use: somebody has to change what the program is told. */
const hopeless: ReadonlySet<string> = new Set([
  "expected_register",
  "invalid_role",
  "invalid_client_id",
  "invalid_register",
  "plain_connection",
]);

/**
 * Why a connection did not come about, or ended; `code` is the protocol's reason, or one of ours: `unreachable`,
 * `untrusted`, `connection_lost`, `closed`.
 */
export class DoorRefusal extends DoorwardError {
  constructor(reason: string, how: { readonly message?: string | undefined; readonly cause?: unknown } = {}) {
    const { message, cause } = how;
    super(message ?? reasonOf(reason)?.says ?? reason, { code: reason, ...(cause !== undefined && { cause }) });
  }

  /** True when calling again cannot help. */
  get isHopeless(): boolean {
    return hopeless.has(this.code);
  }

  /** True when our hub ends the connection for it. */
  get ends(): boolean {
    return reasonOf(this.code)?.in === "ends";
  }
}

/** What the host said, as an error. */
export function refusalOf({ reason, details }: FromHub<"error">): DoorRefusal {
  const said = details?.["message"];
  return new DoorRefusal(reason, { message: typeof said === "string" ? said : undefined });
}

function reasonOf(reason: string): DoorReason | undefined {
  const [word = ""] = reason.split(":");
  return (doorReasons as Readonly<Record<string, DoorReason>>)[word];
}
