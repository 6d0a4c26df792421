import type { Page } from "playwright-core";

/** Screens that pictures are taken on, the largest first: what came into sight stays there on a smaller one. */
export const sizes = {
  desk: { width: 1920, height: 1080, touch: false },
  tablet: { width: 1024, height: 768, touch: true },
  landscape: { width: 844, height: 390, touch: true },
  phone: { width: 390, height: 844, touch: true },
} as const;

export type Size = keyof typeof sizes;

/** Makes the page's screen one of {@link sizes}; what is touched has no mouse. */
export async function resize(page: Page, size: Size): Promise<void> {
  const { width, height, touch } = sizes[size];
  await page.setViewportSize({ width, height });
  if (!touch) return;
  // It holds for as long as the session is open, which ends with the page. What is not touched has a mouse from the start.
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setTouchEmulationEnabled", { enabled: true });
}

/** Runs `work` while the screen is as high as all that the page's main part holds: that part scrolls, not the page. */
export async function inWhole(page: Page, work: () => Promise<unknown>): Promise<void> {
  const size = page.viewportSize();
  if (!size) return;
  const hidden = await page.evaluate(() => {
    const main = document.querySelector("dw-app")?.shadowRoot?.querySelector("main");
    return main ? main.scrollHeight - main.clientHeight : 0;
  });
  await page.setViewportSize({ ...size, height: size.height + hidden });
  await work();
  await page.setViewportSize(size);
}
