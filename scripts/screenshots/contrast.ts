import type { Page } from "playwright-core";
import type { LookFault } from "./faults.ts";

const least = 4.5;

/** Words over pictures can be read whatever the picture is: measured on the pixels, with each picture made white, then black. */
export async function contrastFaults(page: Page): Promise<LookFault[]> {
  const faults: LookFault[] = [];
  for (const ground of ["white", "black"] as const) {
    const boxes = await page.evaluate(paintPictures, ground);
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

/** Makes every picture one colour; where words stand over them. Runs in the page. */
function paintPictures(ground: "white" | "black"): WordBox[] {
  const roots: (Document | ShadowRoot)[] = [];
  const walk = (root: Document | ShadowRoot) => {
    roots.push(root);
    for (const element of root.querySelectorAll("*")) if (element.shadowRoot) walk(element.shadowRoot);
  };
  walk(document);
  const sheet = new CSSStyleSheet();
  // Else what lets the pointer through would not be found under a point.
  sheet.replaceSync(
    `* { pointer-events: auto !important } video, dw-player img, .still { filter: brightness(0) ${ground === "white" ? "invert(1)" : ""} !important; background: ${ground === "white" ? "#000" : "#000"} !important }`,
  );
  for (const root of roots) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  (window as unknown as { painted: unknown }).painted = { roots, sheet };
  const shown = (element: Element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const pictures = roots
    .flatMap((root) => [...root.querySelectorAll("video, img.still")])
    .filter(shown)
    .map((picture) => picture.getBoundingClientRect());
  const deepest = (x: number, y: number): Element | null => {
    let found = document.elementFromPoint(x, y);
    for (let inner = found; inner; found = inner) {
      const next: Element | null = inner.shadowRoot?.elementFromPoint(x, y) ?? null;
      if (!next || next === inner) return inner;
      inner = next;
    }
    return found;
  };
  const boxes: WordBox[] = [];
  for (const root of roots) {
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const words = node.nodeValue?.trim() ?? "";
      const parent = node.parentElement;
      if (!words || !parent || !shown(parent) || /^(style|script|option|title)$/i.test(parent.localName)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const { x, y, width, height } = range.getBoundingClientRect();
      if (width < 3 || height < 3 || x < 0 || y < 0 || x + width > innerWidth || y + height > innerHeight) continue;
      const over = pictures.some(
        (picture) => x < picture.right && x + width > picture.left && y < picture.bottom && y + height > picture.top,
      );
      if (!over) continue;
      const hit = deepest(x + width / 2, y + height / 2);
      if (hit && (parent === hit || parent.contains(hit) || hit.contains(parent)))
        boxes.push({ words: words.slice(0, 60), x, y, width, height });
    }
  }
  return boxes;
}

function unpaintPictures(): void {
  const { roots, sheet } = (
    window as unknown as { painted: { roots: (Document | ShadowRoot)[]; sheet: CSSStyleSheet } }
  ).painted;
  for (const root of roots) root.adoptedStyleSheets = root.adoptedStyleSheets.filter((one) => one !== sheet);
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
