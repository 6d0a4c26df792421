import { type BrowserOptions, openBrowser as openAnyBrowser } from "../test/e2e/page-browser.ts";
import { countOurs } from "./others.ts";
import { childrenOf, cpuSecondsWithEnded, familyOf } from "./process-figures.ts";

/** A browser as the tests have it, whose work counts as ours: nobody waits for most of its processes when it ends. */
export async function openBrowser(options: BrowserOptions): ReturnType<typeof openAnyBrowser> {
  const { context, [Symbol.asyncDispose]: close } = await openAnyBrowser(options);
  return {
    context,
    [Symbol.asyncDispose]: () =>
      countOurs(
        familyOf(browserPid()).reduce((sum, pid) => sum + cpuSecondsWithEnded(pid), 0),
        async () => close(),
      ),
  };
}

/** The browser that this process started. */
export function browserPid(): number {
  const found = childrenOf(process.pid).find(({ command }) => command.includes("chromium"));
  if (!found) throw new Error("no browser was started");
  return found.pid;
}
