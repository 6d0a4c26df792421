import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { contrastFaults } from "./contrast.ts";
import { lookInside } from "./in-page.ts";
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

/** The page fills the screen and no more; nothing sticks out of it sideways, and no words out of their box. */
export async function wideFaults(page: Page): Promise<LookFault[]> {
  await lookInside(page);
  const texts = [...(await page.evaluate(sizeOfPage)), ...(await page.evaluate(wordsCut))];
  return texts.map((text) => ({ sort: "wide", text }));
}

function sizeOfPage(): string[] {
  const extra = document.documentElement.scrollWidth - innerWidth;
  const rest = document.querySelector("dw-app")?.shadowRoot?.querySelector(".rest")?.getBoundingClientRect();
  const below = rest ? Math.round(innerHeight - rest.bottom) : 0;
  return [
    ...(extra > 0 ? [`the page is ${extra} px too wide`] : []),
    ...(below !== 0 ? [`the page ends ${below} px above the screen's end`] : []),
  ];
}

/** Runs in the page. */
function wordsCut(): string[] {
  const { roots, shown, hasWords } = window.dwLook;
  const scrolls = (element: Element | null): boolean => {
    if (!element) return false;
    // The main part scrolls up and down; sideways nothing of it is meant to.
    const sideways = element.localName !== "main" && element.localName !== "dialog";
    if (sideways && /auto|scroll/.test(getComputedStyle(element).overflowX)) return true;
    const root = element.getRootNode();
    return scrolls(element.parentElement ?? (root instanceof ShadowRoot ? root.host : null));
  };
  const faultOf = (element: HTMLElement): string | undefined => {
    const { width, height, right } = element.getBoundingClientRect();
    // What is there only for screen readers is one pixel large.
    if (width <= 2 || height <= 2) return undefined;
    if (right > innerWidth + 1 && !scrolls(element)) return `ends ${Math.round(right - innerWidth)} px outside`;
    const { overflowX, textOverflow } = getComputedStyle(element);
    if (overflowX !== "hidden" || element.scrollWidth <= element.clientWidth + 1) return undefined;
    return textOverflow === "ellipsis" ? "is cut with dots" : "is cut";
  };
  return roots()
    .flatMap((root) => [...root.querySelectorAll<HTMLElement>("*")])
    .filter((element) => shown(element) && hasWords(element))
    .flatMap((element) => {
      const fault = faultOf(element);
      return fault
        ? [`${element.localName}.${element.className} "${element.textContent?.trim().slice(0, 40)}" ${fault}`]
        : [];
    });
}

/** Whatever is touched is 44 px large, or stands in a line of text. */
async function touchFaults(page: Page): Promise<LookFault[]> {
  await lookInside(page);
  return (await page.evaluate(tooSmall)).map((text) => ({ sort: "touch", text }));
}

/** Runs in the page. */
function tooSmall(): string[] {
  const { roots, shown } = window.dwLook;
  const wanted = "a[href], button, select, summary, input:not([type=hidden]), [role=button], textarea";
  const isInline = (element: Element) => {
    if (element.localName !== "a" || getComputedStyle(element).display !== "inline") return false;
    return (element.parentElement?.textContent ?? "").trim().length > (element.textContent ?? "").trim().length;
  };
  const faultOf = (element: HTMLElement): string[] => {
    const label = element.closest("label");
    const { width, height, bottom } = (label ?? element).getBoundingClientRect();
    // In a table its column's width is what there is.
    const leastPx = element.closest("td") ? 35.5 : 43.5;
    if (width <= 2 || height <= 2 || bottom < 0 || isInline(element)) return [];
    if (width >= leastPx && height >= 43.5) return [];
    const words = (element.getAttribute("aria-label") ?? label?.textContent ?? element.textContent ?? "").trim();
    const name = `${element.localName}.${element.className} "${words.replaceAll(/\s+/g, " ").slice(0, 40)}"`;
    return [`${name} is ${Math.round(width)}x${Math.round(height)}`];
  };
  return roots()
    .flatMap((root) => [...root.querySelectorAll<HTMLElement>(wanted)])
    .filter(shown)
    .flatMap(faultOf);
}
