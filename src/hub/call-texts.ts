import type { BellSettings } from "./bell-settings.ts";
import type { CallsConfig } from "./calls-config.ts";
import type { VisitorText, visitorLanguages } from "./visitor-words.ts";

type Sentences = Readonly<Record<Exclude<VisitorText, "ringing">, string>>;

const sentences: Readonly<Record<(typeof visitorLanguages)[number], Sentences>> = {
  en: {
    unreachable: "Nobody can be reached at the moment.",
    missed: "Nobody answers at the moment.",
    declined: "Nobody can come to the door now.",
    opened: "The door is open.",
  },
  de: {
    unreachable: "Zurzeit ist niemand erreichbar.",
    missed: "Zurzeit antwortet niemand.",
    declined: "Im Moment kann niemand an die Tür kommen.",
    opened: "Die Tür ist offen.",
  },
  es: {
    unreachable: "En este momento no se puede localizar a nadie.",
    missed: "En este momento nadie contesta.",
    declined: "Ahora nadie puede abrir la puerta.",
    opened: "La puerta está abierta.",
  },
  fr: {
    unreachable: "Personne n'est joignable pour le moment.",
    missed: "Personne ne répond pour le moment.",
    declined: "Personne ne peut venir à la porte maintenant.",
    opened: "La porte est ouverte.",
  },
};

/**
 * What is said at a door: the bell's own text, else the house's, else the hub's in the house's language. An empty one is
 * silence. Undefined for `ringing` without a text: that is the tone.
 */
export function visitorText(
  text: VisitorText,
  how: { readonly bell: BellSettings | undefined; readonly calls: CallsConfig },
): string | undefined {
  const { bell, calls } = how;
  if (!calls.tellVisitor) return "";
  const own = bell?.texts?.[text] ?? calls.texts[text];
  if (own !== undefined) return own.trim();
  return text === "ringing" ? undefined : sentences[calls.language][text];
}
