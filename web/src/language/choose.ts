import { speakOfHub } from "./hub-words.ts";
import { type Language, languageFor, languages, speakLanguage } from "./languages.ts";

const catalogues: Readonly<Record<Exclude<Language, "en">, () => Promise<{ readonly default: unknown }>>> = {
  de: () => import("./de.json"),
  fr: () => import("./fr.json"),
  es: () => import("./es.json"),
};

/** Speaks `chosen`, or what the browser prefers. Before anything says a word; a catalogue that cannot be had costs only itself. */
export async function chooseLanguage(chosen: string | undefined, wanted: readonly string[]): Promise<Language> {
  const language = chosen && Object.hasOwn(languages, chosen) ? (chosen as Language) : languageFor(wanted);
  return await speakLanguage(language, async () => (language === "en" ? {} : await catalogueOf(language)));
}

/** The catalogue, with what the hub's codes mean: English needs neither. */
async function catalogueOf(language: Exclude<Language, "en">): Promise<unknown> {
  const [{ default: catalogue }, { refusalOf }, { troubleOf }] = await Promise.all([
    catalogues[language](),
    import("./refusals.ts"),
    import("./troubles.ts"),
  ]);
  speakOfHub({ refusal: refusalOf, trouble: troubleOf });
  return catalogue;
}
