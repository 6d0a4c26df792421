/** How many columns make the tiles of a wall largest. Sizes in CSS pixels; tiles are 16:9. */
export function columnsFor(
  count: number,
  area: { readonly widthPx: number; readonly heightPx: number; readonly gapPx: number },
): number {
  if (count <= 1 || area.widthPx < 560) return 1;
  let best = 1;
  let bestWidth = 0;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const byWidth = (area.widthPx - area.gapPx * (columns - 1)) / columns;
    const byHeight = (((area.heightPx - area.gapPx * (rows - 1)) / rows) * 16) / 9;
    const width = Math.min(byWidth, byHeight);
    if (width > bestWidth) [best, bestWidth] = [columns, width];
  }
  // Small tiles help nobody: scroll instead.
  const widest = Math.max(1, Math.floor((area.widthPx + area.gapPx) / (280 + area.gapPx)));
  if (bestWidth < 280) return Math.min(widest, Math.max(best, 2));
  return best;
}

/** Width of one tile in CSS pixels so that `columns` fit the width and, where they can, all rows fit the height. */
export function tileWidth(
  count: number,
  columns: number,
  area: { readonly widthPx: number; readonly heightPx: number; readonly gapPx: number },
): number {
  const byWidth = (area.widthPx - area.gapPx * (columns - 1)) / columns;
  if (columns === 1 && area.widthPx < 560) return byWidth;
  const rows = Math.ceil(count / columns);
  const byHeight = (((area.heightPx - area.gapPx * (rows - 1)) / rows) * 16) / 9;
  return Math.floor(byHeight >= 280 ? Math.min(byWidth, byHeight) : byWidth);
}

/** How the tiles of a wall stand. */
export interface Tiling {
  readonly columns: number;
  readonly tilePx: number;
}

/** All cameras together, as large as they can be. */
export function together(
  count: number,
  area: { readonly widthPx: number; readonly heightPx: number; readonly gapPx: number },
): Tiling {
  const columns = columnsFor(count, area);
  return { columns, tilePx: tileWidth(count, columns, area) };
}

/** Cameras under headings, of the same size under each: the wall is scrolled, and small tiles help nobody. */
export function underHeadings({ widthPx, gapPx }: { readonly widthPx: number; readonly gapPx: number }): Tiling {
  const columns = widthPx < 560 ? 1 : Math.max(2, Math.floor((widthPx + gapPx) / (340 + gapPx)));
  return { columns, tilePx: Math.floor((widthPx - gapPx * (columns - 1)) / columns) };
}
