/** How a picture is shown: enlarged, and moved by pixels from its middle. */
export interface Zoom {
  readonly scale: number;
  readonly xPx: number;
  readonly yPx: number;
}

/** The place where it is shown. */
export interface Place {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A point of that place, from its middle. */
export interface Point {
  readonly xPx: number;
  readonly yPx: number;
}

/** The whole picture. */
export const whole: Zoom = { scale: 1, xPx: 0, yPx: 0 };
/** Beyond this one sees squares and nothing more. */
export const maxScale = 8;
/** What a double tap enlarges to. */
const tapScale = 2.5;

/** Enlarged by a factor so that what is at a point stays there; never smaller than the whole. */
export function zoomedAt(zoom: Zoom, to: { readonly factor: number; readonly at: Point; readonly place: Place }): Zoom {
  const { factor, at, place } = to;
  const scale = Math.min(maxScale, Math.max(1, zoom.scale * factor));
  const by = scale / zoom.scale;
  const xPx = at.xPx - (at.xPx - zoom.xPx) * by;
  const yPx = at.yPx - (at.yPx - zoom.yPx) * by;
  return within({ scale, xPx, yPx }, place);
}

/** Moved, as far as there is picture. */
export function panned(zoom: Zoom, by: { readonly xPx: number; readonly yPx: number; readonly place: Place }): Zoom {
  return within({ scale: zoom.scale, xPx: zoom.xPx + by.xPx, yPx: zoom.yPx + by.yPx }, by.place);
}

/** A double tap: closer at that point, or back to the whole. */
export function doubleTapped(zoom: Zoom, at: { readonly at: Point; readonly place: Place }): Zoom {
  return zoom.scale > 1 ? whole : zoomedAt(zoom, { factor: tapScale, ...at });
}

/** One step of a wheel, as a factor; wheels that roll on and touchpads that send small steps feel alike. */
export function wheelFactor(deltaY: number, deltaMode: number): number {
  const px = deltaMode === 1 ? deltaY * 16 : deltaY;
  return Math.exp(-Math.max(-120, Math.min(120, px)) / 300);
}

/** The CSS for it; empty for the whole. */
export function transformOf({ scale, xPx, yPx }: Zoom): string {
  return scale === 1 ? "" : `translate(${xPx.toFixed(1)}px, ${yPx.toFixed(1)}px) scale(${scale.toFixed(3)})`;
}

/** What a finger did on a picture that is shown whole: a quick stroke to the side turns a page. */
export function swiped(stroke: {
  readonly xPx: number;
  readonly yPx: number;
  readonly ms: number;
}): 1 | -1 | undefined {
  const { xPx, yPx, ms } = stroke;
  if (ms > 700 || Math.abs(xPx) < 60 || Math.abs(xPx) < 2 * Math.abs(yPx)) return undefined;
  return xPx < 0 ? 1 : -1;
}

/** The picture always fills its place. */
function within({ scale, xPx, yPx }: Zoom, { widthPx, heightPx }: Place): Zoom {
  if (scale <= 1.001) return whole;
  const farX = ((scale - 1) * widthPx) / 2;
  const farY = ((scale - 1) * heightPx) / 2;
  return { scale, xPx: Math.min(farX, Math.max(-farX, xPx)), yPx: Math.min(farY, Math.max(-farY, yPx)) };
}
