import assert from "node:assert/strict";
import { SourceMap } from "node:module";
import { describe, it } from "node:test";
import { originOf } from "./source-map.ts";

const mappings = "AAAA,IAAI;;ACOA,mBAAmB,IADlBA;AAEA,6/BAAgC";

describe("a place of a source map", () => {
  it("is the one that Node finds, at each line and column", () => {
    const sources = ["a.ts", "b.ts"];
    const theirs = new SourceMap({ version: 3, file: "x", sources, names: ["n"], mappings, sourceRoot: "" } as never);
    for (let line = 1; line <= 4; line++) {
      if (line === 2) continue; // where a line has nothing, Node gives what the line before it ended with
      for (let column = 1; column < 60; column++) {
        const entry = theirs.findEntry(line - 1, column - 1) as { originalSource: string; originalLine: number };
        const origin = originOf(mappings, { line, column });
        assert.deepEqual(origin && [sources[origin.source], origin.line], [
          entry.originalSource,
          entry.originalLine + 1,
        ]);
      }
    }
  });

  it("is none on a line without any, and behind the end", () => {
    assert.equal(originOf(mappings, { line: 2, column: 1 }), undefined);
    assert.equal(originOf(mappings, { line: 9, column: 1 }), undefined);
  });
});
