/** True when a parent watches over this process (bin/supervise.mjs). */
export const isSupervised = process.env["DOORWARD_SUPERVISED"] === "1" && process.send !== undefined;

/** Calls `stop` when the parent says so, or is gone. */
export function followParent(stop: () => void): Disposable {
  if (!isSupervised) return { [Symbol.dispose]: () => {} };
  const onMessage = (message: unknown) => {
    if (message === "stop") stop();
  };
  process.on("message", onMessage);
  process.on("disconnect", stop);
  process.channel?.unref();
  return {
    [Symbol.dispose]: () => {
      process.off("message", onMessage);
      process.off("disconnect", stop);
    },
  };
}

/** Tells the parent, if there is one, that the hub works: a crash from now on is worth a new start. */
export function tellParentUp(): void {
  if (isSupervised && process.connected) process.send?.("up");
}
