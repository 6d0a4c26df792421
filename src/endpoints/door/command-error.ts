/**
 * A command that failed. A station's handler throws it to answer with a reason of its own; a client gets it with the reason
 * of the station or of the hub.
 */
export class DoorCommandError extends Error {
  /** For programs: `unknown_command`, `timeout`, or any other word. */
  readonly reason: string;
  /** What else the answer holds. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(reason: string, details: Readonly<Record<string, unknown>> = {}) {
    const said = details["details"] ?? details["message"];
    super(typeof said === "string" ? `${reason}: ${said}` : reason);
    this.name = "DoorCommandError";
    this.reason = reason;
    this.details = details;
  }
}
