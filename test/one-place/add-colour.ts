import { registerHooks } from "node:module";

/** The one line that a developer writes for a new setting. */
const line = `colour: noted(z.enum(["red", "blue"]).default("red"), { label: "Colour", description: "Of its frame." }),`;

/** Loads `hub/device-settings.ts` as if that line stood in it. */
registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context);
    if (!url.endsWith("/src/hub/device-settings.ts")) return loaded;
    const before = "export const settingsShape = {\n";
    const source = String(loaded.source);
    if (!source.includes(before))
      throw new Error("device-settings.ts does not begin its settings as this test knows it");
    return { ...loaded, source: source.replace(before, `${before}  ${line}\n`) };
  },
});
