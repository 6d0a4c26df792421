/** A hash of all that goes into the page. */
export function pageSources(): string;

/** Where the page is that was built of these sources; undefined when it was built of others, or not at all. */
export function builtPage(sources?: string): string | undefined;
