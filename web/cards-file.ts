import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "vite";

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
        plugins: [...shared.plugins(), definedOnce()],
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
