import type { IndexHtmlTransformContext, Plugin } from "vite";

/**
 * What the page is made of, in few files: on a slow net each request costs its way there and back, and a browser makes six at a
 * time. `start` chooses the language, `player` is what other people's pages take too, `house` is the rest of what is there before
 * anybody clicks, `calls` comes behind it. What a person has to open first stays in files of its own.
 */
export const chunks = {
  groups: [
    { name: "start", test: /[\\/]src[\\/]main\.ts$/, priority: 4 },
    { name: "player", test: /[\\/]src[\\/](player[\\/]dw-player|talk[\\/]dw-talk)\.ts$/, priority: 3 },
    { name: "house", test: /[\\/]src[\\/]page\.ts$/, priority: 2 },
    { name: "calls", test: /[\\/]src[\\/]calls[\\/]dw-\w+\.ts$/, priority: 1 },
  ],
};

/** The browser fetches what the first page needs at once, not when the script before it has come and asks for it. */
export function fetchedAtOnce(): Plugin {
  return {
    name: "doorward-fetched-at-once",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle = {} }) {
        const start = fileOf(bundle, "main.ts");
        const page = fileOf(bundle, "page.ts");
        // Whoever says words when it is loaded, before the language is chosen, says them in English.
        if (withImports(bundle, start).has(page))
          throw new Error("src/main.ts loads the whole page before the language");
        return [...withImports(bundle, page)]
          .filter((name) => !html.includes(`"/${name}"`))
          .map((name) => ({
            tag: "link",
            attrs: { rel: "modulepreload", crossorigin: true, href: `/${name}` },
            injectTo: "head" as const,
          }));
      },
    },
  };
}

type Bundle = NonNullable<IndexHtmlTransformContext["bundle"]>;

/** The file by which the module is loaded: its own, or the one in which it lies. */
function fileOf(bundle: Bundle, module: string): string {
  const chunks = Object.values(bundle).flatMap((each) => (each.type === "chunk" ? [each] : []));
  const is = (id: string | null) => id !== null && /[\\/]src[\\/]\w+\.ts$/.test(id) && id.endsWith(module);
  const found = chunks.find((each) => is(each.facadeModuleId)) ?? chunks.find((each) => each.moduleIds.some(is));
  if (!found) throw new Error(`src/${module} is in none of the files that were made`);
  return found.fileName;
}

/** The file and whatever it imports at once. */
function withImports(bundle: Bundle, name: string, found = new Set<string>()): ReadonlySet<string> {
  const chunk = bundle[name];
  if (chunk?.type !== "chunk" || found.has(name)) return found;
  found.add(name);
  for (const each of chunk.imports) withImports(bundle, each, found);
  return found;
}
