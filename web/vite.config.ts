import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { cardsFile } from "./cards-file.ts";
import { chunks, fetchedAtOnce } from "./first-page.ts";
import { installable } from "./installable.ts";
import { precompressed } from "./precompressed.ts";

/**
 * `import bell from "lucide-static/icons/bell.svg?icon"` becomes a Lit template of the picture's shapes. Done while
 * building, because a strict policy (Trusted Types, no `innerHTML`) leaves no way to read SVG text on the page.
 */
function icons(): Plugin {
  const mark = "\0icon:";
  return {
    name: "doorward-icons",
    enforce: "pre",
    async resolveId(source, importer) {
      if (!source.endsWith(".svg?icon")) return undefined;
      const path = fileURLToPath(new URL(`../node_modules/${source.slice(0, -"?icon".length)}`, import.meta.url));
      return importer ? `${mark}${path}.js` : undefined;
    },
    async load(id) {
      if (!id.startsWith(mark)) return undefined;
      const text = await readFile(id.slice(mark.length, -".js".length), "utf8");
      const shapes = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(text)?.[1]?.trim().replace(/\s+/g, " ") ?? "";
      return `import { svg } from "lit";\nexport default svg\`${shapes}\`;\n`;
    },
  };
}

/** Lit's style sheets and templates without the indentation and comments that only their readers need. */
function smallTemplates(): Plugin {
  return {
    name: "doorward-small-templates",
    apply: "build",
    enforce: "pre",
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        // What is indented after minifying stands in a template.
        if (chunk.type === "chunk") chunk.code = chunk.code.replace(/>\n\s+</g, "><").replace(/\n\s+/g, " ");
      }
    },
    transform(code, id) {
      if (!id.endsWith(".ts")) return undefined;
      return code.replace(/(?<=\bcss)`([^`]*)`/g, (_, sheet: string) => {
        const plain = sheet.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\s+/g, " ");
        return `\`${plain
          .replace(/ ?([{};,]) ?/g, "$1")
          .replace(/: /g, ":")
          .trim()}\``;
      });
    },
  };
}

/** What the page is written for: nothing is rewritten that these know. */
const targets = { target: "es2022", cssTarget: ["chrome123", "safari17.5", "firefox120"] };

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [
    icons(),
    smallTemplates(),
    installable(),
    fetchedAtOnce(),
    precompressed(),
    cardsFile({ targets, plugins: () => [icons(), smallTemplates(), precompressed()] }),
  ],
  // Scripts find each other from where they stand, under whatever path a proxy shows the page; the page itself is told by the hub.
  experimental: { renderBuiltUrl: (_file, { hostType }) => (hostType === "html" ? undefined : { relative: true }) },
  build: {
    ...targets,
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // The cards are built when the page is done: that takes longer than it, and is no fault.
      checks: { pluginTimings: false },
      input: {
        page: fileURLToPath(new URL("index.html", import.meta.url)),
        "doorward-player": fileURLToPath(new URL("src/alone.ts", import.meta.url)),
      },
      output: {
        codeSplitting: chunks,
        entryFileNames: (chunk) => (chunk.name === "doorward-player" ? "[name].js" : "assets/[name]-[hash].js"),
      },
    },
  },
  server: {
    proxy: {
      "/api": { target: "https://localhost:8443", secure: false, ws: true },
      "/whep": { target: "https://localhost:8443", secure: false },
      "/voice": { target: "https://localhost:8443", secure: false },
    },
  },
});
