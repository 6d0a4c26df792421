import type { LitElement, ReactiveController } from "lit";
import {
  doubleTapped,
  type Place,
  type Point,
  panned,
  swiped,
  transformOf,
  wheelFactor,
  whole,
  type Zoom,
  zoomedAt,
} from "../pure/zoom.ts";

/** Options of {@link Zoomable}. */
export interface ZoomableOptions {
  /** The element whose picture is enlarged; it reads `--dw-zoom`. */
  readonly picture: () => HTMLElement | null;
  /** A stroke to the side over a picture that is shown whole. */
  readonly onSwipe: (by: 1 | -1) => void;
}

const doubleTapMs = 350;
const tapPx = 12;
const keyStepPx = 60;

interface Stroke {
  readonly atMs: number;
  readonly from: Point;
}

/** A picture that is enlarged by wheel, by two fingers, by a double tap and by keys, and moved by one finger or the mouse. */
export class Zoomable implements ReactiveController {
  readonly #host: LitElement;
  readonly #options: ZoomableOptions;
  readonly #fingers = new Map<number, Point>();
  #stroke: Stroke | undefined;
  #tap: Stroke | undefined;
  #zoom: Zoom = whole;

  constructor(host: LitElement, options: ZoomableOptions) {
    this.#host = host;
    this.#options = options;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.#fingers.clear();
    this.reset();
  }

  /** How much larger than the whole. */
  get scale(): number {
    return this.#zoom.scale;
  }

  /** Shows the whole picture again. */
  reset(): void {
    this.#show(whole);
  }

  /** By keys: closer or farther at the middle. */
  by(factor: number): void {
    this.#show(zoomedAt(this.#zoom, { factor, at: { xPx: 0, yPx: 0 }, place: this.#place }));
  }

  /** By keys: to the side. False when the whole is shown, and there is no side to it. */
  step(x: number, y: number): boolean {
    if (this.scale === 1) return false;
    this.#show(panned(this.#zoom, { xPx: -x * keyStepPx, yPx: -y * keyStepPx, place: this.#place }));
    return true;
  }

  readonly onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    const factor = wheelFactor(event.deltaY, event.deltaMode);
    this.#show(zoomedAt(this.#zoom, { factor, at: this.#pointOf(event), place: this.#place }));
  };

  readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0 || isTool(event)) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    const at = this.#pointOf(event);
    this.#fingers.set(event.pointerId, at);
    this.#stroke = this.#fingers.size === 1 ? { atMs: event.timeStamp, from: at } : undefined;
  };

  readonly onMove = (event: PointerEvent): void => {
    const before = this.#fingers.get(event.pointerId);
    if (!before) return;
    const now = this.#pointOf(event);
    const [other] = [...this.#fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    this.#fingers.set(event.pointerId, now);
    const place = this.#place;
    if (!other) {
      if (this.scale > 1)
        this.#show(panned(this.#zoom, { xPx: now.xPx - before.xPx, yPx: now.yPx - before.yPx, place }));
      return;
    }
    const [was, is] = [between(before, other), between(now, other)];
    // Closer first: a picture that is shown whole cannot be moved.
    const closer = zoomedAt(this.#zoom, { factor: is.px / Math.max(1, was.px), at: was.middle, place });
    this.#show(panned(closer, { xPx: is.middle.xPx - was.middle.xPx, yPx: is.middle.yPx - was.middle.yPx, place }));
  };

  readonly onUp = (event: PointerEvent): void => {
    if (!this.#fingers.delete(event.pointerId) || !this.#stroke) return;
    const { atMs, from } = this.#stroke;
    this.#stroke = undefined;
    const at = this.#pointOf(event);
    const stroke = { xPx: at.xPx - from.xPx, yPx: at.yPx - from.yPx, ms: event.timeStamp - atMs };
    const isTap = Math.hypot(stroke.xPx, stroke.yPx) < tapPx;
    if (isTap) this.#tapped({ atMs: event.timeStamp, from: at });
    const by = !isTap && event.pointerType !== "mouse" && this.scale === 1 ? swiped(stroke) : undefined;
    if (by) this.#options.onSwipe(by);
  };

  readonly onCancel = (event: PointerEvent): void => {
    this.#fingers.delete(event.pointerId);
    this.#stroke = undefined;
  };

  #tapped(tap: Stroke): void {
    const before = this.#tap;
    const isSecond =
      before !== undefined &&
      tap.atMs - before.atMs < doubleTapMs &&
      Math.hypot(tap.from.xPx - before.from.xPx, tap.from.yPx - before.from.yPx) < 3 * tapPx;
    this.#tap = isSecond ? undefined : tap;
    if (isSecond) this.#show(doubleTapped(this.#zoom, { at: tap.from, place: this.#place }));
  }

  #show(zoom: Zoom): void {
    this.#zoom = zoom;
    const picture = this.#options.picture();
    const transform = transformOf(zoom);
    if (transform === "") picture?.style.removeProperty("--dw-zoom");
    else picture?.style.setProperty("--dw-zoom", transform);
    this.#host.requestUpdate();
  }

  get #place(): Place {
    const { clientWidth: widthPx = 1, clientHeight: heightPx = 1 } = this.#options.picture() ?? {};
    return { widthPx, heightPx };
  }

  #pointOf({ clientX, clientY }: MouseEvent): Point {
    const box = this.#options.picture()?.getBoundingClientRect();
    if (!box) return { xPx: 0, yPx: 0 };
    return { xPx: clientX - box.left - box.width / 2, yPx: clientY - box.top - box.height / 2 };
  }
}

/** What stands on the picture and is pressed itself. */
function isTool(event: Event): boolean {
  return event.composedPath().some((at) => at instanceof Element && at.matches("button, a, dw-ptz"));
}

function between(a: Point, b: Point): { readonly middle: Point; readonly px: number } {
  const middle = { xPx: (a.xPx + b.xPx) / 2, yPx: (a.yPx + b.yPx) / 2 };
  return { middle, px: Math.hypot(a.xPx - b.xPx, a.yPx - b.yPx) };
}
