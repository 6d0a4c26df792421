import { type Catalogue, speak } from "./t.ts";

/** Languages that the page speaks, as they call themselves. */
export const languages = { en: "English", de: "Deutsch", fr: "Français", es: "Español" } as const;

/** One of them. */
export type Language = keyof typeof languages;

/** The first of the browser's languages that the page speaks, or English. */
export function languageFor(wanted: readonly string[]): Language {
  const known = wanted.map((tag) => tag.toLowerCase().split("-")[0] ?? "").find((tag) => Object.hasOwn(languages, tag));
  return (known as Language | undefined) ?? "en";
}

const catalogues: Readonly<Record<Exclude<Language, "en">, () => Promise<{ readonly default: unknown }>>> = {
  de: () => import("./de.json"),
  fr: () => import("./fr.json"),
  es: () => import("./es.json"),
};

/** Speaks `chosen`, or what the browser prefers. Before anything says a word; a catalogue that cannot be had costs only itself. */
export async function chooseLanguage(chosen: string | undefined, wanted: readonly string[]): Promise<Language> {
  const language = chosen && Object.hasOwn(languages, chosen) ? (chosen as Language) : languageFor(wanted);
  if (language === "en") return language;
  try {
    const { default: catalogue } = await catalogues[language]();
    speak(language, catalogue as Catalogue);
    return language;
  } catch {
    return "en";
  }
}
