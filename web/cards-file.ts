import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "vite";
import { spokenWords } from "./spoken-words.ts";
import { translations } from "./src/language/languages.ts";

/** Where the cards of Home Assistant begin, and what they become: one file, as its dashboards load them. */
const entry = fileURLToPath(new URL("src/cards/index.ts", import.meta.url));
const fileName = "doorward-cards.js";

/** Builds the cards beside the page, with the same plugins but without what makes a page of it. */
export function cardsFile(shared: {
  readonly targets: Pick<BuildOptions, "target" | "cssTarget">;
  readonly plugins: () => readonly Plugin[];
}): Plugin {
  let outDir = "";
  return {
    name: "doorward-cards",
    // Tests of the page alone build it in the mode "page".
    apply: (_config, { command, mode }) => command === "build" && mode !== "page",
    configResolved: (config) => {
      outDir = fileURLToPath(new URL(config.build.outDir, `file://${config.root}/`));
    },
    closeBundle: async () => {
      await build({
        configFile: false,
        root: fileURLToPath(new URL(".", import.meta.url)),
        logLevel: "warn",
        publicDir: false,
        plugins: [...shared.plugins(), withoutDecoders(), definedOnce(), words()],
        build: {
          ...shared.targets,
          outDir,
          emptyOutDir: false,
          assetsInlineLimit: 0,
          modulePreload: false,
          rolldownOptions: {
            input: entry,
            output: { entryFileNames: fileName, codeSplitting: false },
          },
        },
      });
    },
  };
}

/** Beside the file, one a language: of the page's catalogues what the cards can say. Only who speaks that language loads it. */
function words(): Plugin {
  return {
    name: "doorward-card-words",
    async generateBundle(_options, bundle) {
      const code = Object.values(bundle).flatMap((each) => (each.type === "chunk" ? [each.code] : []));
      for (const language of translations) {
        const path = new URL(`src/language/${language}.json`, import.meta.url);
        const catalogue = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
        const source = JSON.stringify(spokenWords(catalogue, code));
        this.emitFile({ type: "asset", fileName: fileName.replace(".js", `.${language}.json`), source });
      }
    },
  };
}

/** Cards reach the hub through Home Assistant, by which no pictures come that a browser would decode. */
function withoutDecoders(): Plugin {
  return {
    name: "doorward-without-decoders",
    enforce: "pre",
    load: (id) => (id.endsWith("/src/decoded/decoded-session.ts") ? "export const openDecoded = () => {};" : undefined),
  };
}

/** A dashboard that stays open while the hub is updated loads the new file beside the old one: the old elements stay. */
function definedOnce(): Plugin {
  return {
    name: "doorward-defined-once",
    enforce: "pre",
    transform(code, id) {
      if (!id.endsWith(".ts")) return undefined;
      return code.replace(
        /^customElements\.define\(("[\w-]+"), (\w+)\);$/gm,
        "customElements.get($1) ?? customElements.define($1, $2);",
      );
    },
  };
}
