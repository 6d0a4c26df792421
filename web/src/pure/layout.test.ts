import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsFor, tileWidth, together, underHeadings } from "./layout.ts";

const desk = { widthPx: 1840, heightPx: 960, gapPx: 4 };
const phone = { widthPx: 390, heightPx: 700, gapPx: 4 };

test("a phone has one column, a desk as many as make tiles large", () => {
  assert.equal(columnsFor(6, phone), 1);
  assert.deepEqual(
    [1, 2, 4, 6, 9, 16].map((count) => columnsFor(count, desk)),
    [1, 2, 2, 3, 3, 4],
  );
});

test("tiles are never narrower than 280 px on a desk: the wall scrolls instead", () => {
  const columns = columnsFor(60, desk);
  assert.ok(tileWidth(60, columns, desk) >= 280);
});

test("all rows fit the height where they can", () => {
  const width = tileWidth(6, 3, desk);
  assert.ok((width * 9) / 16 <= 960 / 2);
});

test("under headings tiles are of one size, whatever their number, and fill the width", () => {
  assert.deepEqual(underHeadings(phone), { columns: 1, tilePx: 390 });
  assert.deepEqual(underHeadings(desk), { columns: 5, tilePx: 364 });
  assert.deepEqual(together(6, desk), { columns: 3, tilePx: tileWidth(6, 3, desk) });
});
