import type { Page } from "playwright-core";
import type { LookFault } from "./faults.ts";
import { lookInside } from "./in-page.ts";

const least = 4.5;

/** Words over pictures can be read whatever the picture is: measured on the pixels, with each picture made white, then black. */
export async function contrastFaults(page: Page): Promise<LookFault[]> {
  const faults: LookFault[] = [];
  for (const ground of ["white", "black"] as const) {
    await lookInside(page);
    await page.evaluate(paintPictures, ground);
    const boxes = await page.evaluate(wordsOverPictures);
    if (boxes.length > 0) {
      const png = await page.screenshot({ scale: "css" });
      const contrasts = await contrastsOf(page, { png, boxes });
      for (const [index, { words }] of boxes.entries()) {
        const contrast = contrasts[index] ?? 0;
        if (contrast < least)
          faults.push({ sort: "contrast", text: `"${words}" on ${ground}: ${contrast.toFixed(1)}` });
      }
    }
    await page.evaluate(unpaintPictures);
  }
  return faults;
}

interface WordBox {
  readonly words: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Makes every picture one colour. Runs in the page. */
function paintPictures(ground: "white" | "black"): void {
  const roots = window.dwLook.roots();
  const sheet = new CSSStyleSheet();
  // What lets the pointer through would not be found under a point.
  sheet.replaceSync(
    `* { pointer-events: auto !important }
    video, dw-player img, img.last { background: ${ground} !important; object-fit: none !important; object-position: -9999px -9999px !important }`,
  );
  for (const root of roots) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  window.dwPainted = { roots, sheet };
}

function unpaintPictures(): void {
  const { roots, sheet } = window.dwPainted ?? { roots: [] };
  for (const root of roots) root.adoptedStyleSheets = root.adoptedStyleSheets.filter((one) => one !== sheet);
}

/** Words that stand over pictures, and where. Runs in the page. */
function wordsOverPictures(): WordBox[] {
  const { roots, shown, deepest } = window.dwLook;
  const pictures = roots()
    .flatMap((root) => [...root.querySelectorAll("video, dw-player img, img.last")])
    .filter(shown)
    .map((picture) => picture.getBoundingClientRect());
  const boxOf = (node: Node): WordBox[] => {
    const words = node.nodeValue?.trim() ?? "";
    const parent = node.parentElement;
    if (!words || !parent || !shown(parent) || /^(style|script|option|title)$/i.test(parent.localName)) return [];
    const range = document.createRange();
    range.selectNodeContents(node);
    const { x, y, width, height, right, bottom } = range.getBoundingClientRect();
    const inside = width > 2 && height > 2 && x >= 0 && y >= 0 && right <= innerWidth && bottom <= innerHeight;
    const over = ({ left, top, ...of }: DOMRect) => x < of.right && right > left && y < of.bottom && bottom > top;
    if (!inside || !pictures.some((picture) => over(picture.toJSON()))) return [];
    const hit = deepest(x + width / 2, y + height / 2);
    const open = hit !== null && (parent.contains(hit) || hit.contains(parent));
    return open ? [{ words: words.slice(0, 60), x, y, width, height }] : [];
  };
  return roots().flatMap((root) => {
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found: WordBox[] = [];
    for (let node = texts.nextNode(); node; node = texts.nextNode()) found.push(...boxOf(node));
    return found;
  });
}

/** The contrast of each box of a screenshot: the ground is what most of it is, the words are what differs most from it. */
export async function contrastsOf(
  page: Page,
  { png, boxes }: { readonly png: Buffer; readonly boxes: readonly Omit<WordBox, "words">[] },
): Promise<readonly number[]> {
  return await page.evaluate(
    async ({ base64, boxes }) => {
      const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
      if (!context) return [];
      context.drawImage(image, 0, 0);
      const part = (value: number) => (value <= 10.31 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
      return boxes.map(({ x, y, width, height }) => {
        const { data } = context.getImageData(Math.floor(x), Math.floor(y), Math.ceil(width), Math.ceil(height));
        const lights: number[] = [];
        for (let at = 0; at < data.length; at += 4) {
          const [r = 0, g = 0, b = 0] = data.subarray(at, at + 3);
          lights.push(0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b));
        }
        lights.sort((a, b) => a - b);
        const ground = lights[Math.floor(lights.length / 2)] ?? 0;
        const [darkest = 0, lightest = 0] = [lights[0], lights.at(-1)];
        return Math.max((lightest + 0.05) / (ground + 0.05), (ground + 0.05) / (darkest + 0.05));
      });
    },
    { base64: png.toString("base64"), boxes: [...boxes] },
  );
}
