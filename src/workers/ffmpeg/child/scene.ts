import type { SceneOptions } from "../messages.ts";
import { type TextMask, textMask } from "./font.ts";

interface Colour {
  readonly y: number;
  readonly u: number;
  readonly v: number;
}

/**
 * Draws the pictures of a made-up camera into planar YUV 4:2:0: a sky of the camera's own colour, hills, a sun that
 * crosses the picture every 20 s, the camera's name and a running clock. What stands still is drawn once.
 */
export class Scene {
  readonly #width: number;
  readonly #height: number;
  readonly #hue: number;
  readonly #still: Buffer;
  readonly #picture: Buffer;
  /** First row of the hills in each column. */
  readonly #horizon: Uint16Array;
  readonly #digits = new Map<string, TextMask>();
  readonly #dotPx: number;

  constructor(options: Pick<SceneOptions, "widthPx" | "heightPx" | "hue" | "name">) {
    this.#width = options.widthPx;
    this.#height = options.heightPx;
    this.#hue = options.hue;
    this.#dotPx = Math.max(1, options.heightPx / 90);
    this.#horizon = Uint16Array.from({ length: this.#width }, (_, x) => Math.round(this.#hill(x, 0)));
    this.#still = Buffer.alloc((this.#width * this.#height * 3) / 2);
    this.#picture = Buffer.alloc(this.#still.length);
    this.#drawStill(options.name);
  }

  /** The picture at wall-clock time `wallMs`. It is overwritten by the next call. */
  draw(wallMs: number): Buffer {
    this.#still.copy(this.#picture);
    this.#drawSun((wallMs % 20_000) / 20_000);
    this.#drawClock(new Date(wallMs));
    return this.#picture;
  }

  #hill(x: number, layer: number): number {
    const at = (x / this.#width) * Math.PI * 2;
    const phase = this.#hue / 40 + layer * 2.1;
    const wave = Math.sin(at * (1.1 + layer * 0.4) + phase) + 0.45 * Math.sin(at * 2.7 + phase * 1.7);
    return this.#height * (0.7 + layer * 0.12 + wave * (0.055 - layer * 0.015));
  }

  #drawStill(name: string): void {
    for (let y = 0; y < this.#height; y++) {
      const down = y / this.#height;
      const sky = hsl(this.#hue + 25 * down, 0.5 - 0.1 * down, 0.34 + 0.42 * down);
      for (let x = 0; x < this.#width; x++) this.#set(this.#still, x, y, sky);
    }
    for (let layer = 0; layer < 3; layer++) {
      const colour = hsl(this.#hue + 12 * layer, 0.32, 0.36 - 0.1 * layer);
      for (let x = 0; x < this.#width; x++) {
        for (let y = Math.max(0, Math.round(this.#hill(x, layer))); y < this.#height; y++)
          this.#set(this.#still, x, y, colour);
      }
    }
    const text = textMask(name.slice(0, 24), this.#dotPx * 1.25);
    this.#write(this.#still, text, { x: this.#height * 0.07, y: this.#height * 0.92 - text.heightPx });
  }

  #drawSun(phase: number): void {
    const radius = this.#height * 0.09;
    const centreX = this.#width * (0.08 + 0.84 * phase);
    const centreY = this.#height * (0.66 - 0.42 * Math.sin(phase * Math.PI));
    const glow = radius * 2.2;
    const colour = hsl(44, 0.95, 0.72);
    for (let y = Math.max(0, Math.floor(centreY - glow)); y < Math.min(this.#height, centreY + glow); y++) {
      for (let x = Math.max(0, Math.floor(centreX - glow)); x < Math.min(this.#width, centreX + glow); x++) {
        if (y >= (this.#horizon[x] ?? 0)) continue;
        const distance = Math.hypot(x - centreX, y - centreY);
        const edge = Math.max(0, Math.min(1, radius - distance + 0.5));
        const halo = 0.45 * Math.max(0, 1 - distance / glow) ** 2;
        this.#blend(this.#picture, x, y, { colour, alpha: Math.max(edge, halo) });
      }
    }
  }

  #drawClock(now: Date): void {
    const tenth = Math.floor(now.getMilliseconds() / 100);
    const text = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}.${tenth}`;
    let x = this.#height * 0.07;
    for (const character of text) {
      const mask = this.#digits.get(character) ?? textMask(character, this.#dotPx * 1.6);
      this.#digits.set(character, mask);
      this.#write(this.#picture, mask, { x, y: this.#height * 0.08 });
      x += mask.widthPx;
    }
  }

  /** Writes text in white with a soft shadow, so that it reads on every sky. */
  #write(target: Buffer, mask: TextMask, at: { readonly x: number; readonly y: number }): void {
    const shadowPx = Math.max(1, Math.round(this.#dotPx / 3));
    for (const layer of [
      { offset: shadowPx, colour: hsl(this.#hue, 0.3, 0.12), strength: 0.55 },
      { offset: 0, colour: { y: 235, u: 128, v: 128 }, strength: 0.95 },
    ]) {
      for (let y = 0; y < mask.heightPx; y++) {
        for (let x = 0; x < mask.widthPx; x++) {
          const coverage = mask.coverage[y * mask.widthPx + x] ?? 0;
          if (coverage === 0) continue;
          const place = { colour: layer.colour, alpha: (coverage / 255) * layer.strength };
          this.#blend(target, Math.round(at.x) + x + layer.offset, Math.round(at.y) + y + layer.offset, place);
        }
      }
    }
  }

  #set(target: Buffer, x: number, y: number, colour: Colour): void {
    this.#blend(target, x, y, { colour, alpha: 1 });
  }

  #blend(target: Buffer, x: number, y: number, ink: { readonly colour: Colour; readonly alpha: number }): void {
    if (x < 0 || y < 0 || x >= this.#width || y >= this.#height) return;
    const { colour, alpha } = ink;
    const luma = y * this.#width + x;
    target[luma] = mix(target[luma] ?? 0, colour.y, alpha);
    if ((x | y) & 1) return;
    const u = this.#width * this.#height + (y >> 1) * (this.#width >> 1) + (x >> 1);
    const v = u + (this.#width >> 1) * (this.#height >> 1);
    target[u] = mix(target[u] ?? 0, colour.u, alpha);
    target[v] = mix(target[v] ?? 0, colour.v, alpha);
  }
}

function mix(from: number, to: number, alpha: number): number {
  return Math.round(from + (to - from) * alpha);
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** Hue in degrees, saturation and lightness 0 to 1 -> limited-range YUV (ITU-R BT.601). */
function hsl(hue: number, saturation: number, lightness: number): Colour {
  const amplitude = saturation * Math.min(lightness, 1 - lightness);
  const channel = (shift: number): number => {
    const at = (shift + hue / 30 + 24) % 12;
    return lightness - amplitude * Math.max(-1, Math.min(at - 3, 9 - at, 1));
  };
  const [r, g, b] = [channel(0), channel(8), channel(4)];
  return {
    y: 16 + 65.5 * r + 128.6 * g + 25 * b,
    u: 128 - 37.8 * r - 74.2 * g + 112 * b,
    v: 128 + 112 * r - 93.8 * g - 18.2 * b,
  };
}
