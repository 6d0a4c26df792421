import { crc32, deflateSync } from "node:zlib";

/** How an icon is drawn. */
export interface IconOptions {
  /** Width and height in pixels. */
  readonly sizePx: number;
  /** Fills the whole square, with the sign small enough for any mask that a launcher lays over it (W3C manifest, "maskable"). */
  readonly maskable?: boolean;
}

type Point = readonly [x: number, y: number];

const blue = [0x1f, 0x5f, 0xbf] as const;
const white = [255, 255, 255] as const;
/** The door of `public/icon.svg`, in its 32 by 32 units: a frame with round corners, the floor, and the knob. */
const frame: readonly Point[] = [
  [10, 25],
  [10, 9.5],
  ...corner([12.5, 9.5], 180),
  ...corner([19.5, 9.5], 270),
  [22, 25],
];
const floor: readonly Point[] = [
  [7, 25],
  [25, 25],
];
const knob = { at: [16, 13.5] as Point, radius: 2.3 };
const strokeWidth = 2.2;
const round = 8;

/** Steps between nothing and all of a colour at an edge. */
const steps = 15;

/**
 * The page's sign as a PNG (ISO/IEC 15948), drawn by distances, so that its edges are smooth at any size. Its palette holds
 * the ground and the sign on it in steps, then the ground at its edge in steps.
 */
export function iconPng({ sizePx, maskable = false }: IconOptions): Buffer {
  const unitsPerPx = 32 / sizePx;
  const scale = maskable ? 0.72 : 1;
  const rows = Buffer.alloc(sizePx * (1 + sizePx));
  for (let y = 0; y < sizePx; y++) {
    for (let x = 0; x < sizePx; x++) {
      const at: Point = [(x + 0.5) * unitsPerPx, (y + 0.5) * unitsPerPx];
      const inner: Point = [16 + (at[0] - 16) / scale, 16 + (at[1] - 16) / scale];
      const sign = Math.round(steps * covered(signDistance(inner) * scale, unitsPerPx));
      const ground = maskable ? steps : Math.round(steps * covered(squareDistance(at), unitsPerPx));
      rows[y * (1 + sizePx) + 1 + x] = ground === steps ? sign : steps + 1 + ground;
    }
  }
  return encodePng(rows, sizePx);
}

function encodePng(rows: Buffer, sizePx: number): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(sizePx, 0);
  head.writeUInt32BE(sizePx, 4);
  head.set([8, 3, 0, 0, 0], 8); // 8 bits into a palette
  const levels = Array.from({ length: steps + 1 }, (_, step) => step / steps);
  const mixed = levels.map((level) => blue.map((value, channel) => value + ((white[channel] ?? 0) - value) * level));
  const palette = Buffer.from([...mixed, ...levels.map(() => blue)].flat().map(Math.round));
  const alpha = Buffer.from([...levels.map(() => 1), ...levels].map((level) => Math.round(255 * level)));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", head),
    chunk("PLTE", palette),
    chunk("tRNS", alpha),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** How much of a pixel lies within a shape whose edge is so far away. */
function covered(distance: number, unitsPerPx: number): number {
  return Math.min(1, Math.max(0, 0.5 - distance / unitsPerPx));
}

function signDistance(at: Point): number {
  const lines = Math.min(pathDistance(at, frame), pathDistance(at, floor)) - strokeWidth / 2;
  return Math.min(lines, Math.hypot(at[0] - knob.at[0], at[1] - knob.at[1]) - knob.radius);
}

function squareDistance([x, y]: Point): number {
  const dx = Math.max(Math.abs(x - 16) - (16 - round), 0);
  const dy = Math.max(Math.abs(y - 16) - (16 - round), 0);
  return Math.hypot(dx, dy) - round;
}

function pathDistance(at: Point, path: readonly Point[]): number {
  return Math.min(...path.slice(1).map((to, index) => lineDistance(at, { from: path[index] ?? to, to })));
}

function lineDistance([x, y]: Point, { from, to }: { readonly from: Point; readonly to: Point }): number {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const along = ((x - from[0]) * dx + (y - from[1]) * dy) / (dx * dx + dy * dy || 1);
  const part = Math.min(1, Math.max(0, along));
  return Math.hypot(x - from[0] - part * dx, y - from[1] - part * dy);
}

/** A quarter of a circle of 2.5 units around `centre`, clockwise from so many degrees. */
function corner(centre: Point, fromDegrees: number): readonly Point[] {
  return [0, 1, 2, 3, 4, 5, 6].map((step): Point => {
    const radians = ((fromDegrees + step * 15) * Math.PI) / 180;
    return [centre[0] + 2.5 * Math.cos(radians), centre[1] + 2.5 * Math.sin(radians)];
  });
}
