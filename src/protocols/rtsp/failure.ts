import { DoorwardError, FatalError, RecoverableError } from "../../util/errors.ts";
import { isOutOfReach, networkReason } from "../../util/network-reason.ts";
import type { RtspResponse } from "./message.ts";

/** The error for a refused request, with a sentence that says what to look at. */
export function refusal(
  response: RtspResponse,
  request: { readonly method: string; readonly peer: string },
): DoorwardError {
  const { status } = response;
  const options = { fields: { status, method: request.method } };
  const location = response.headers.get("Location");
  if (status >= 300 && status < 400 && location) {
    return new RecoverableError(`${request.peer} sends its viewers on to another address`, {
      code: "redirected",
      fields: { ...options.fields, location },
    });
  }
  if (status === 403) {
    return new FatalError(`${request.peer} does not let this user see the stream: it answered 403`, {
      code: "forbidden",
      ...options,
    });
  }
  if (status === 404) {
    return new RecoverableError(`${request.peer} knows no stream at this path: it answered 404`, {
      code: "not-found",
      ...options,
    });
  }
  if (status === 453 || status === 503) {
    return new RecoverableError(`${request.peer} has no room for another viewer: it answered ${status}`, {
      code: "busy",
      ...options,
    });
  }
  if (status === 454) {
    return new RecoverableError(`${request.peer} has forgotten the session: it answered 454`, {
      code: "session-lost",
      ...options,
    });
  }
  const reason = response.reason.replace(/[^\x20-\x7e]/g, "").slice(0, 64);
  return new RecoverableError(`${request.peer} refuses ${request.method}: it answered ${status} ${reason}`.trimEnd(), {
    code: status === 461 ? "transport-refused" : "refused",
    ...options,
  });
}

/** The error for credentials that a server does not take; `status` is what it answered. */
export function wrongPassword(peer: string, status: number): FatalError {
  return new FatalError(`${peer} refuses the user name or password: it answered ${status}`, {
    code: "wrong-password",
    fields: { status },
  });
}

/** The error for a server that asks for credentials where none are set. */
export function passwordNeeded(peer: string): FatalError {
  return new FatalError(`${peer} asks for a user name and password: none are set`, { code: "password-needed" });
}

/** The error for a connection that could not be made or broke, from Node's error code. */
export function connectionFailure(error: Error & { readonly code?: string }, peer: string): RecoverableError {
  const reached = !isOutOfReach(error);
  const what = reached ? `the connection to ${peer} broke` : `${peer} cannot be reached`;
  return new RecoverableError(`${what}: ${networkReason(error)}`, {
    code: reached ? "connection-lost" : "unreachable",
    cause: error,
  });
}

/** What a camera answers at a path that it does not have; some call what they do not know a wrong request or a refusal. */
const notThere: ReadonlySet<string> = new Set(["not-found", "refused", "forbidden", "no-media", "bad-description"]);

/** Whether the camera has nothing at a path: of one that was guessed that is no fault. */
export function isNotThere(error: unknown): error is DoorwardError {
  return error instanceof DoorwardError && notThere.has(error.code);
}
