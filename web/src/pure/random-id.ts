/** A name that nobody guesses: 128 bits as hex. Browsers make UUIDs on encrypted pages only; this they do everywhere. */
export function randomId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
