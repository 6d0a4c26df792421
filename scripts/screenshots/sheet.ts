import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Size, sizes } from "./sizes.ts";

/** A picture that was taken. */
export interface Taken {
  readonly scene: string;
  readonly size: Size;
  readonly theme: "light" | "dark";
  readonly file: string;
  /** What is wrong with it. */
  readonly faults: readonly string[];
}

const style = `
  body { font: 14px system-ui; margin: 16px; background: #777; color: #fff }
  section { margin-bottom: 24px }
  h2 { font-size: 16px; margin: 0 0 8px }
  .row { display: flex; gap: 8px; align-items: flex-start; flex-wrap: wrap }
  img { display: block; height: 360px; background: #444 }
  figure { margin: 0 }
  figcaption { font-size: 12px }
  li { color: #ffd9d9 }`;

/** Writes `index.html`: a row for each scene, all its pictures beside each other, and what is wrong below. */
export async function writeSheet(folder: string, taken: readonly Taken[]): Promise<void> {
  const rows = [...Map.groupBy(taken, ({ scene }) => scene)].map(([scene, shots]) => row(scene, shots));
  const html = `<!doctype html><meta charset="utf-8"><title>Doorward: every state</title><style>${style}</style><h1>${taken.length} pictures of ${rows.length} states</h1>${rows.join("\n")}`;
  await writeFile(join(folder, "index.html"), html);
}

function row(scene: string, shots: readonly Taken[]): string {
  const order = Object.keys(sizes);
  const sorted = shots.toSorted((a, b) => order.indexOf(a.size) - order.indexOf(b.size));
  const pictures = sorted.map(
    ({ file, size, theme }) =>
      `<figure><a href="${file}"><img loading="lazy" src="${file}" alt=""></a><figcaption>${size}, ${theme}</figcaption></figure>`,
  );
  const faults = [...new Set(shots.flatMap(({ size, faults }) => faults.map((fault) => `${size}: ${fault}`)))];
  const list = faults.length > 0 ? `<ul>${faults.map((fault) => `<li>${escaped(fault)}</li>`).join("")}</ul>` : "";
  return `<section id="${scene}"><h2>${scene}</h2><div class="row">${pictures.join("")}</div>${list}</section>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
