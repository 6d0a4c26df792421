import { type DoorwardError, FatalError, RecoverableError } from "../../util/errors.ts";
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

/** The error for a connection that could not be made or broke, from Node's error code. */
export function connectionFailure(error: Error & { readonly code?: string }, peer: string): RecoverableError {
  const sentence = sentences[error.code ?? ""] ?? `the connection to ${peer} broke: ${error.message}`;
  return new RecoverableError(sentence.replace("PEER", peer), {
    code: error.code === undefined || sentences[error.code] === undefined ? "connection-lost" : "unreachable",
    cause: error,
  });
}

const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens at PEER: the connection was refused",
  EHOSTUNREACH: "PEER cannot be reached: no route to the camera",
  ENETUNREACH: "PEER cannot be reached: no route to its network",
  ETIMEDOUT: "PEER does not answer: the connection timed out",
  ENOTFOUND: "PEER cannot be found: its name is unknown",
  EAI_AGAIN: "PEER cannot be found: the name service does not answer",
};
