import type { Language } from "../language/languages.ts";
import type { Quality } from "../pure/rendition.ts";

/** What this browser remembers for its person; never leaves it. */
export interface Preferences {
  readonly theme: "system" | "light" | "dark";
  /** `system` is the browser's. Read when the page is loaded. */
  readonly language: "system" | Language;
  /** Hours of the day: as the browser's language writes them, or by choice. */
  readonly clock: "system" | "12" | "24";
  /** Play a camera softly while one talks through it, if it cannot keep its own speaker out of its microphone. */
  readonly duck: boolean;
  /** Sound of the large picture. */
  readonly sound: boolean;
  /** Which pictures of cameras that have a small one, too. */
  readonly quality: Quality;
  /** When a wall tablet dims; hours of the day. */
  readonly nightFrom: number;
  readonly nightTo: number;
}

const defaults: Preferences = {
  theme: "system",
  language: "system",
  clock: "system",
  duck: true,
  sound: true,
  quality: "auto",
  nightFrom: 22,
  nightTo: 6,
};

/** What the window is told when {@link Preferences.quality} changes. */
export const qualityChanged = "dw-quality";

/** Reads what is remembered; whatever is missing or spoilt is the default. */
export function readPreferences(): Preferences {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem("dw-preferences") ?? "{}");
    const theme = localStorage.getItem("dw-theme");
    return {
      ...defaults,
      ...(stored && typeof stored === "object" ? stored : {}),
      theme: theme === "light" || theme === "dark" ? theme : "system",
    };
  } catch {
    return defaults;
  }
}

/** Remembers a change and applies the theme at once. */
export function writePreferences(change: Partial<Preferences>): Preferences {
  const { theme, ...rest } = { ...readPreferences(), ...change };
  localStorage.setItem("dw-preferences", JSON.stringify(rest));
  localStorage.setItem("dw-theme", theme);
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  if (change.quality !== undefined) window.dispatchEvent(new Event(qualityChanged));
  return { theme, ...rest };
}
