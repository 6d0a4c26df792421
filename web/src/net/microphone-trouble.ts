import type { MicrophoneTrouble } from "../pure/talk-words.ts";

/**
 * Tells at once, and whenever it changes, why this page would get no microphone: its address is not secure, it was denied,
 * or there is none; undefined when it would. Asks nobody and opens nothing.
 */
export function watchMicrophone(options: {
  readonly onTrouble: (trouble: MicrophoneTrouble | undefined) => void;
  readonly signal: AbortSignal;
}): void {
  const { onTrouble, signal } = options;
  const look = async () => {
    const trouble = await microphoneTrouble();
    if (!signal.aborted) onTrouble(trouble);
  };
  void look();
  navigator.mediaDevices?.addEventListener("devicechange", () => void look(), { signal });
  void microphonePermission().then((status) => status?.addEventListener("change", () => void look(), { signal }));
}

async function microphoneTrouble(): Promise<MicrophoneTrouble | undefined> {
  if (!window.isSecureContext || !navigator.mediaDevices) return "insecure";
  if ((await microphonePermission())?.state === "denied") return "blocked";
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => undefined);
  return devices?.every(({ kind }) => kind !== "audioinput") ? "none" : undefined;
}

/** Some browsers cannot be asked. */
function microphonePermission(): Promise<PermissionStatus | undefined> {
  return (
    navigator.permissions?.query({ name: "microphone" as PermissionName }).catch(() => undefined) ??
    Promise.resolve(undefined)
  );
}
