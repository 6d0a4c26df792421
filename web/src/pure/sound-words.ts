import { t } from "../language/t.ts";

/** How long a sound lasts, for a list; of a file that is no sound, that. */
export function soundLength(seconds: number | undefined): string {
  if (seconds === undefined) return t("not a sound that can be played");
  if (seconds < 60) return t("{seconds} s", { seconds: Math.max(1, Math.round(seconds)) });
  const whole = Math.round(seconds);
  return t("{time} min", { time: `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}` });
}

/** How large a file is. */
export function fileSize(bytes: number): string {
  if (bytes < 1024 * 1024) return t("{size} KiB", { size: Math.max(1, Math.round(bytes / 1024)) });
  return t("{size} MiB", { size: (bytes / 1024 / 1024).toFixed(1) });
}

/** What a host that is offered asks for. */
export function sayOffer({ host, by }: { readonly host: string; readonly by: string }): string {
  return t("{by} asks to have sounds fetched from {host}. Allow it only if you know this address.", { by, host });
}

/** What was done with a file. */
export const soundDone = {
  added: (name: string) => t("{name} was added.", { name }),
  renamed: (name: string) => t("It is called {name} now.", { name }),
  deleted: (name: string) => t("{name} was deleted.", { name }),
  played: (name: string) => t("{name} is played now.", { name }),
} as const;
