import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { iconPng } from "./icons.ts";

/** What the manifest names, and iOS asks for. */
const icons = {
  "icon-192.png": { sizePx: 192 },
  "icon-512.png": { sizePx: 512 },
  "icon-maskable.png": { sizePx: 512, maskable: true },
  "apple-touch-icon.png": { sizePx: 180, maskable: true },
} as const;

/** What a page needs to be installed as an app: icons, and the service worker of this very build. */
export function installable(): Plugin {
  return {
    name: "doorward-installable",
    apply: "build",
    generateBundle(_options, bundle) {
      for (const [fileName, options] of Object.entries(icons)) {
        this.emitFile({ type: "asset", fileName, source: iconPng(options) });
      }
      const worker = readFileSync(fileURLToPath(new URL("sw.js", import.meta.url)), "utf8");
      const build = createHash("sha256").update(Object.keys(bundle).sort().join()).update(worker);
      const source = worker.replace("%BUILD%", build.digest("hex").slice(0, 12));
      this.emitFile({ type: "asset", fileName: "sw.js", source });
    },
  };
}
