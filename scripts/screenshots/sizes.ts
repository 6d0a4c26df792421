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
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setTouchEmulationEnabled", { enabled: touch });
  await session.detach();
}
