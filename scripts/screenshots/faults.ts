import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { contrastFaults } from "./contrast.ts";
import { sizes } from "./sizes.ts";
import type { Shot } from "./studio.ts";

/** What is wrong with a shot: `sort` is what kind of rule it breaks. */
export interface LookFault {
  readonly sort: "axe" | "moderate" | "wide" | "touch" | "contrast";
  readonly text: string;
}

/** All that can be stated about how a state looks: nothing sticks out, nothing is too small for a finger, all can be read. */
export async function faultsOf(shot: Shot): Promise<readonly LookFault[]> {
  const { page, size, theme } = shot;
  // Colours by theme, places by size: a desk by day and a phone by night show all of both.
  const both = (size === "desk" && theme === "light") || (size === "phone" && theme === "dark");
  return [
    ...(theme === "light" || shot.scene.language ? await wideFaults(page) : []),
    ...(theme === "light" && sizes[size].touch ? await touchFaults(page) : []),
    ...(both ? await axeFaults(page) : []),
    ...(both ? await contrastFaults(page) : []),
  ];
}

interface AxeViolation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe-core finds. Its script is given to the page from outside, past our policy. */
async function axeFaults(page: Page): Promise<LookFault[]> {
  await page.evaluate(await axeScript());
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: { run: () => Promise<{ violations: AxeViolation[] }> } }).axe.run(),
  );
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ html, failureSummary }) => ({
      sort: impact === "serious" || impact === "critical" ? ("axe" as const) : ("moderate" as const),
      text: `${id}: ${html.slice(0, 200)} ${failureSummary.replaceAll(/\s+/g, " ")}`,
    })),
  );
}

let script: Promise<string> | undefined;
function axeScript(): Promise<string> {
  script ??= readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  return script;
}

/** Nothing sticks out of the screen sideways, and no words out of their box. */
export async function wideFaults(page: Page): Promise<LookFault[]> {
  const texts = await page.evaluate(() => {
    const faults: string[] = [];
    const extra = document.documentElement.scrollWidth - innerWidth;
    if (extra > 0) faults.push(`the page is ${extra} px too wide`);
    const rest = document.querySelector("dw-app")?.shadowRoot?.querySelector(".rest")?.getBoundingClientRect();
    if (rest && Math.abs(rest.bottom - innerHeight) > 1)
      faults.push(`the page ends ${innerHeight - rest.bottom} px above the screen's end`);
    const scrolls = (element: Element): boolean => {
      for (let at: Element | null = element; at; ) {
        const { overflowX } = getComputedStyle(at);
        // The main part scrolls up and down; sideways nothing of it is meant to.
        const sideways = at.localName !== "main" && at.localName !== "dialog";
        if (sideways && (overflowX === "auto" || overflowX === "scroll")) return true;
        const root: Node = at.getRootNode();
        at = at.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
      }
      return false;
    };
    const look = (root: ParentNode) => {
      for (const element of root.querySelectorAll<HTMLElement>("*")) {
        if (element.shadowRoot) look(element.shadowRoot);
        if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        const words = [...element.childNodes].some(
          (node) => node.nodeType === Node.TEXT_NODE && node.nodeValue?.trim(),
        );
        if (!words) continue;
        const box = element.getBoundingClientRect();
        const name = `${element.localName}.${element.className} "${element.textContent?.trim().slice(0, 40)}"`;
        // What is there only for screen readers is one pixel large.
        if (box.width <= 2 || box.height <= 2) continue;
        if (box.right > innerWidth + 1 && !scrolls(element))
          faults.push(`${name} ends ${Math.round(box.right - innerWidth)} px outside`);
        const { overflowX, textOverflow } = getComputedStyle(element);
        if (overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1)
          faults.push(`${name} is cut${textOverflow === "ellipsis" ? " with dots" : ""}`);
      }
    };
    look(document);
    return faults;
  });
  return texts.map((text) => ({ sort: "wide", text }));
}

/** Whatever is touched is 44 px large, or stands in a line of text. */
async function touchFaults(page: Page): Promise<LookFault[]> {
  const texts = await page.evaluate(() => {
    const faults: string[] = [];
    const wanted = "a[href], button, select, summary, input:not([type=hidden]), [role=button], textarea";
    const isInline = (element: Element) => {
      if (element.localName !== "a" || getComputedStyle(element).display !== "inline") return false;
      return (element.parentElement?.textContent ?? "").trim().length > (element.textContent ?? "").trim().length;
    };
    const look = (root: ParentNode) => {
      for (const element of root.querySelectorAll("*")) if (element.shadowRoot) look(element.shadowRoot);
      for (const element of root.querySelectorAll<HTMLElement>(wanted)) {
        if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        const label = element.closest("label");
        const box = (label ?? element).getBoundingClientRect();
        if (box.width <= 2 || box.height <= 2 || box.bottom < 0) continue;
        if (isInline(element)) continue;
        // In a table its column's width is what there is.
        const widePx = element.closest("td") ? 35.5 : 43.5;
        if (box.width >= widePx && box.height >= 43.5) continue;
        const words = (element.getAttribute("aria-label") ?? label?.textContent ?? element.textContent ?? "").trim();
        faults.push(
          `${element.localName}.${element.className} "${words.replaceAll(/\s+/g, " ").slice(0, 40)}" is ${Math.round(box.width)}x${Math.round(box.height)}`,
        );
      }
    };
    look(document);
    return faults;
  });
  return texts.map((text) => ({ sort: "touch", text }));
}
