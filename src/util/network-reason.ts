const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  EHOSTUNREACH: "there is no way to this address",
  ENETUNREACH: "there is no way to this network",
  ETIMEDOUT: "it does not answer",
  ENOTFOUND: "there is no machine of this name",
  EAI_AGAIN: "the name service does not answer",
};

const broken = "the other side broke the connection";

/** Why a connection could not be made or broke, fit to stand behind a colon; Node's own words for what is rare. */
export function networkReason(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (code === "ECONNRESET" || code === "EPIPE") return broken;
  return reasons[code] ?? message;
}

/** True when nothing was reached at all, by Node's error code: it may be switched off, or the address is wrong. */
export function isOutOfReach(error: unknown): boolean {
  return ((error as NodeJS.ErrnoException).code ?? "") in reasons;
}
