/** The text as the beginning of a sentence. One that begins with an address or a path stays: it is not ours to change. */
export function beginSentence(text: string): string {
  return /^\S*[:./@]\S/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

/** {@link beginSentence}, with a full stop unless it ends as a sentence does. */
export function wholeSentence(text: string): string {
  return `${beginSentence(text)}${/[.!?]$/.test(text) ? "" : "."}`;
}
