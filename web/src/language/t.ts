/**
 * The sentences of one language, by the English ones; where a number decides, a singular and a plural. Plain files
 * (`de.json`), of which a test says what they lack.
 */
export type Catalogue = Readonly<Record<string, string | readonly [one: string, other: string]>>;

/** What stands in a sentence's `{places}`. */
export type Values = Readonly<Record<string, string | number>>;

let catalogue: Catalogue = {};
let spoken = "en";
let plurals = new Intl.PluralRules("en");

/** Speaks the language from here on; what its catalogue lacks is said in English. */
export function speak(language: string, sentences: Catalogue): void {
  spoken = language;
  catalogue = sentences;
  plurals = new Intl.PluralRules(language);
}

/** The language that is spoken: `en`, `de`. */
export function language(): string {
  return spoken;
}

/**
 * An English sentence in the language of the page, with `values` in its `{places}`. The sentence is written out where this is
 * called, whole: translators and the test of catalogues find it there.
 */
export function t(sentence: string, values?: Values): string {
  const found = catalogue[sentence];
  return filled(typeof found === "string" ? found : (found?.[1] ?? sentence), values);
}

/** What the hub says (a setting's help, a fault), in the page's language where its catalogue has the sentence. */
export function told(sentence: string): string {
  const found = Object.hasOwn(catalogue, sentence) ? catalogue[sentence] : undefined;
  return typeof found === "string" ? found : sentence;
}

/** `t` where `{count}` decides between a singular and a plural. The plural is what catalogues know it by. */
export function tn(count: number, one: string, other: string, values?: Values): string {
  const found = catalogue[other];
  const [single, several] = typeof found === "object" ? found : [one, other];
  const isOne = typeof found === "object" ? plurals.select(count) === "one" : count === 1;
  return filled(isOne ? single : several, { count, ...values });
}

function filled(sentence: string, values: Values | undefined): string {
  if (!values) return sentence;
  return sentence.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
