import { readPreferences } from "./app/preferences.ts";
import { chooseLanguage } from "./language/choose.ts";

// Before anything is loaded that says a word.
document.documentElement.lang = await chooseLanguage(readPreferences().language, navigator.languages);
await import("./page.ts");
