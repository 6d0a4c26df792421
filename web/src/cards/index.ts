import { speakHomesLanguage } from "./language.ts";

// Words are chosen when they are first looked at, so the language comes first.
await speakHomesLanguage(import.meta.url);
await import("./list.ts");
