import type { Page } from "playwright-core";
import type { PageServer, PageServerOptions } from "../../test/e2e/page-server.ts";

/** One state of the page to take pictures of: where, of what, after doing what. */
export interface Scene {
  readonly name: string;
  readonly path: string;
  readonly server: () => Partial<PageServerOptions>;
  readonly prepare?: (page: Page, server: PageServer | undefined) => Promise<void>;
  /** The state is gone soon, or comes about differently on another screen: it is prepared for each size. */
  readonly each?: true;
  /** The page is taken to its end, not only what the screen shows. */
  readonly whole?: true;
  /** Taken on a phone on its side as well. */
  readonly landscape?: true;
  /** In this language. */
  readonly language?: "de" | "fr" | "es";
}

export const cameraPath = "/#/camera/front-door";
export const ben = { name: "Ben", priority: 0, sinceMs: Date.now() } as const;
/** Preferences of a wall tablet by day, whatever the time is. */
export const byDay = '{"nightFrom":0,"nightTo":0}';

/** Pictures move on at least `count` players; a wall shows nothing worth looking at before. */
export async function moving(page: Page, count = 1): Promise<void> {
  await page.waitForFunction(
    (wanted) => {
      const found: Element[] = [];
      const look = (root: ParentNode) => {
        for (const element of root.querySelectorAll("*")) {
          if (element.localName === "dw-player" && element.getAttribute("data-tone") === "live") found.push(element);
          if (element.shadowRoot) look(element.shadowRoot);
        }
      };
      look(document);
      return found.length >= wanted;
    },
    count,
    { timeout: 20_000 },
  );
}

/** Waits until `selector` is there: all that most scenes need. */
export function shown(selector: string): (page: Page) => Promise<void> {
  return async (page) => page.locator(selector).first().waitFor();
}

/** Presses in the middle of what `selector` names, or `atX` from its left, and leaves it pressed. */
export async function press(page: Page, selector: string, atX?: number): Promise<void> {
  const box = await page.locator(selector).boundingBox();
  if (!box) throw new Error(`there is no ${selector} to press`);
  await page.mouse.move(box.x + (atX ?? box.width / 2), box.y + box.height / 2);
  await page.mouse.down();
}

/** Holds the talk bar and leaves it held. */
export const hold = (page: Page): Promise<void> => press(page, "dw-talk .hold", 40);
