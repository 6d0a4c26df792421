import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BrowserContext, chromium } from "playwright-core";
import { build } from "vite";
import { builtPage } from "../../scripts/page.mjs";

/** A folder that goes away with its scope. */
export async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "doorward-page-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/**
 * The page in `outDir`: the one that set-up built where it is of these sources, which has all, else built now. `cards` as well:
 * what dashboards of Home Assistant load.
 */
export async function buildPage(outDir: string, { cards = false }: { readonly cards?: boolean } = {}): Promise<void> {
  const built = builtPage();
  if (built !== undefined) return await cp(built, outDir, { recursive: true });
  await build({
    mode: cards ? "production" : "page",
    configFile: fileURLToPath(new URL("../../web/vite.config.ts", import.meta.url)),
    logLevel: "error",
    build: { outDir, emptyOutDir: true },
  });
}

/** Options of {@link openBrowser}. */
export interface BrowserOptions {
  readonly profileDir: string;
  /** What the made-up microphone hears; a beep by default. */
  readonly microphoneWav?: string;
  readonly dark?: boolean;
  readonly size?: { readonly width: number; readonly height: number };
  /** The microphone's permission is given without a question. */
  readonly microphone?: "granted" | "denied";
  readonly scale?: number;
  readonly touch?: boolean;
  /** No sound before somebody touched the page, as browsers do for people. */
  readonly touchNeeded?: boolean;
  /** Trusts any certificate. */
  readonly insecure?: boolean;
}

/** Debian's Chromium with a fresh profile and a made-up microphone. Its scope closes it. */
export async function openBrowser(
  options: BrowserOptions,
): Promise<{ readonly context: BrowserContext } & AsyncDisposable> {
  const executablePath = "/usr/bin/chromium";
  if (!existsSync(executablePath)) throw new Error("this test needs Chromium: install the Debian package chromium");
  const { microphone = "granted", microphoneWav } = options;
  const context = await chromium.launchPersistentContext(options.profileDir, {
    executablePath,
    headless: true,
    viewport: options.size ?? { width: 1280, height: 800 },
    deviceScaleFactor: options.scale ?? 1,
    colorScheme: options.dark ? "dark" : "light",
    ignoreHTTPSErrors: options.insecure ?? false,
    hasTouch: options.touch ?? false,
    permissions: microphone === "granted" ? ["microphone"] : [],
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--autoplay-policy=${options.touchNeeded ? "document-user-activation-required" : "no-user-gesture-required"}`,
      "--use-fake-device-for-media-stream",
      ...(microphoneWav ? [`--use-file-for-fake-audio-capture=${microphoneWav}`] : []),
      microphone === "denied" ? "--deny-permission-prompts" : "--use-fake-ui-for-media-stream",
    ],
  });
  return { context, [Symbol.asyncDispose]: () => context.close() };
}
