import { askForSession } from "./app/first-session.ts";
import { readPreferences } from "./app/preferences.ts";
import { chooseLanguage } from "./language/choose.ts";
import { stationIn } from "./pure/route.ts";

// On its way while the page itself is still coming. A station's page asks as the device that it is.
if (!stationIn(location)) askForSession();
void begin();

// Nothing is awaited at the top: the page shares what lies in the same file as this, and would wait for itself.
async function begin(): Promise<void> {
  // Before anything is loaded that says a word.
  document.documentElement.lang = await chooseLanguage(readPreferences().language, navigator.languages);
  await import("./page.ts");
}
