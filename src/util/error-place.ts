/** File and line of our own code where an error was made; undefined when it names none. */
export function placeOf(error: unknown): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return /(?:src|dist)\/([\w./-]+:\d+)/.exec(stack)?.[1];
}
