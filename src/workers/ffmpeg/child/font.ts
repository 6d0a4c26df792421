/** Five by seven dots per character, row by row, five bits each, written as base 32. */
const glyphs: Readonly<Record<string, string>> = {
  A: "ehhvhhh",
  B: "uhhuhhu",
  C: "ehggghe",
  D: "uhhhhhu",
  E: "vgguggv",
  F: "vgguggg",
  G: "ehgnhhf",
  H: "hhhvhhh",
  I: "e44444e",
  J: "72222ic",
  K: "hikokih",
  L: "ggggggv",
  M: "hrllhhh",
  N: "hplljhh",
  O: "ehhhhhe",
  P: "uhhuggg",
  Q: "ehhhlid",
  R: "uhhukih",
  S: "fgge11u",
  T: "v444444",
  U: "hhhhhhe",
  V: "hhhhha4",
  W: "hhhlllq",
  X: "hha4ahh",
  Y: "hha4444",
  Z: "v1248gv",
  "0": "ehjlphe",
  "1": "4c4444e",
  "2": "eh1248v",
  "3": "v2421he",
  "4": "26aiv22",
  "5": "vgu11he",
  "6": "68guhhe",
  "7": "v124888",
  "8": "ehhehhe",
  "9": "ehhf12c",
  ":": "0cc0cc0",
  ".": "00000cc",
  ",": "0000cc8",
  "-": "000v000",
  "/": "01248g0",
  "(": "2488842",
  ")": "8422248",
  "'": "cc48000",
  "+": "044v440",
  "&": "ciko5id",
  "?": "eh12404",
  "!": "4444404",
};

/** Coverage of a line of text, 0 to 255 per pixel. */
export interface TextMask {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly coverage: Uint8Array;
}

/** Characters as the font knows them: capitals, without accents. */
export function drawableText(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toUpperCase();
}

/** Draws `text` with `dotPx` pixels per dot, the dots melting into round strokes. Unknown characters are gaps. */
export function textMask(text: string, dotPx: number): TextMask {
  const letters = [...drawableText(text)];
  const widthPx = Math.max(1, Math.ceil(letters.length * 6 * dotPx));
  const heightPx = Math.ceil(7 * dotPx);
  const coverage = new Uint8Array(widthPx * heightPx);
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) coverage[y * widthPx + x] = coverageAt(letters, x / dotPx, y / dotPx);
  }
  return { widthPx, heightPx, coverage };
}

/** Smooth coverage between dot centres, sharpened around one half. */
function coverageAt(letters: readonly string[], x: number, y: number): number {
  const left = Math.floor(x - 0.5);
  const top = Math.floor(y - 0.5);
  const fx = x - 0.5 - left;
  const fy = y - 0.5 - top;
  const upper = dot(letters, left, top) * (1 - fx) + dot(letters, left + 1, top) * fx;
  const lower = dot(letters, left, top + 1) * (1 - fx) + dot(letters, left + 1, top + 1) * fx;
  const value = upper * (1 - fy) + lower * fy;
  return Math.round(255 * Math.max(0, Math.min(1, (value - 0.3) * 4)));
}

function dot(letters: readonly string[], x: number, y: number): number {
  const column = ((x % 6) + 6) % 6;
  if (x < 0 || column > 4 || y < 0 || y > 6) return 0;
  const row = glyphs[letters[Math.floor(x / 6)] ?? " "]?.[y];
  return row === undefined ? 0 : (Number.parseInt(row, 32) >> (4 - column)) & 1;
}
