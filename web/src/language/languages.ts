import { type Catalogue, speak } from "./t.ts";

/** Languages that the page speaks, as they call themselves. */
export const languages = { en: "English", de: "Deutsch", fr: "Français", es: "Español" } as const;

/** One of them. */
export type Language = keyof typeof languages;

/** Those that have a catalogue: English is what the page is written in. */
export const translations = Object.keys(languages).filter((language) => language !== "en");

/** The first of the browser's languages that the page speaks, or English. */
export function languageFor(wanted: readonly string[]): Language {
  const known = wanted.map((tag) => tag.toLowerCase().split("-")[0] ?? "").find((tag) => Object.hasOwn(languages, tag));
  return (known as Language | undefined) ?? "en";
}

/** Speaks a language by the catalogue that `load` gives; English, and that is the answer, where it cannot be had. */
export async function speakLanguage(language: Language, load: () => Promise<unknown>): Promise<Language> {
  if (language === "en") return language;
  try {
    speak(language, (await load()) as Catalogue);
    return language;
  } catch {
    return "en";
  }
}
