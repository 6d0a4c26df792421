/** A topic in lower case and without prefixes, which each camera chooses for itself. */
export function topicPath(topic: string): string {
  return topic
    .split("/")
    .map((part) => part.slice(part.indexOf(":") + 1).trim())
    .filter((part) => part !== "")
    .join("/")
    .toLowerCase();
}

/** True when `topic` is one of `topics`, or ends as one of them. */
export function isOneOf(topic: string, topics: readonly string[]): boolean {
  return topics.some((one) => `/${topicPath(topic)}`.endsWith(`/${topicPath(one)}`));
}

/** What the values of a message say, whatever they are called: the first that is yes or no. Undefined for a pulse. */
export function stateIn(data: Readonly<Record<string, string>>): boolean | undefined {
  for (const value of Object.values(data)) {
    const word = value.toLowerCase();
    if (["true", "1", "active", "on"].includes(word)) return true;
    if (["false", "0", "inactive", "off"].includes(word)) return false;
  }
  return undefined;
}
