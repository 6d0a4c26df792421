import type { Page } from "playwright-core";

/** What looking at a page needs inside it, through all shadows: `window.dwLook` after {@link lookInside}. */
export interface InPage {
  /** The document and every shadow root. */
  readonly roots: () => (Document | ShadowRoot)[];
  readonly shown: (element: Element) => boolean;
  /** The innermost element at a point. */
  readonly deepest: (x: number, y: number) => Element | null;
  /** Whether it holds words of its own. */
  readonly hasWords: (element: Element) => boolean;
}

declare global {
  interface Window {
    dwLook: InPage;
    /** The sheet that paints pictures, and where. */
    dwPainted?: { readonly roots: readonly (Document | ShadowRoot)[]; readonly sheet: CSSStyleSheet };
  }
}

/** Gives the page {@link InPage}; from outside, past our policy. */
export async function lookInside(page: Page): Promise<void> {
  await page.evaluate(() => {
    const roots = (from: Document | ShadowRoot = document): (Document | ShadowRoot)[] => [
      from,
      ...[...from.querySelectorAll("*")].flatMap(({ shadowRoot }) => (shadowRoot ? roots(shadowRoot) : [])),
    ];
    window.dwLook = {
      roots: () => roots(),
      shown: (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }),
      deepest: (x, y) => {
        let found = document.elementFromPoint(x, y);
        for (let inner = found; inner; found = inner) {
          const next: Element | null = inner.shadowRoot?.elementFromPoint(x, y) ?? null;
          if (!next || next === inner) return inner;
          inner = next;
        }
        return found;
      },
      hasWords: ({ childNodes }) =>
        [...childNodes].some(({ nodeType, nodeValue }) => nodeType === Node.TEXT_NODE && nodeValue?.trim()),
    };
  });
}
