/** What a visitor can be told. `ringing`: in place of the ringing tone. */
export const visitorTexts = ["ringing", "unreachable", "missed", "declined", "opened"] as const;

/** One of {@link visitorTexts}. */
export type VisitorText = (typeof visitorTexts)[number];

/** Languages that the hub has sentences in. */
export const visitorLanguages = ["en", "de", "es", "fr"] as const;
