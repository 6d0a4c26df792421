/** Of a catalogue, by its English sentences, what these scripts can say. */
export function spokenWords<Said>(
  catalogue: Readonly<Record<string, Said>>,
  scripts: readonly string[],
): Readonly<Record<string, Said>> {
  const says = (sentence: string) =>
    scripts.some((script) => spellings(sentence).some((spelling) => script.includes(spelling)));
  return Object.fromEntries(Object.entries(catalogue).filter(([sentence]) => says(sentence)));
}

/** As a sentence may stand in a script, whatever quotes it is put in. */
function spellings(sentence: string): readonly string[] {
  return [sentence, ...["'", '"', "`"].map((quote) => sentence.replaceAll(quote, `\\${quote}`))];
}
