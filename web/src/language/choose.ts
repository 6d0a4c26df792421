import { type Language, languageFor, languages, speakLanguage } from "./languages.ts";

const catalogues: Readonly<Record<Exclude<Language, "en">, () => Promise<{ readonly default: unknown }>>> = {
  de: () => import("./de.json"),
  fr: () => import("./fr.json"),
  es: () => import("./es.json"),
};

/** Speaks `chosen`, or what the browser prefers. Before anything says a word; a catalogue that cannot be had costs only itself. */
export async function chooseLanguage(chosen: string | undefined, wanted: readonly string[]): Promise<Language> {
  const language = chosen && Object.hasOwn(languages, chosen) ? (chosen as Language) : languageFor(wanted);
  return await speakLanguage(language, async () => (language === "en" ? {} : (await catalogues[language]()).default));
}
