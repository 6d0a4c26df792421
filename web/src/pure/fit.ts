/** The shape of a picture or of its place. */
export interface Shape {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A picture that fills its place may lose a part at its edges, but not faces and parcels: at least this much is seen. */
const leastSeen = 0.7;

/** Whether a picture has to be shown whole, with bars, because filling its place would cut too much of it off. */
export function isBetterWhole(picture: Shape, place: Shape): boolean {
  if (!(picture.widthPx > 0 && picture.heightPx > 0 && place.widthPx > 0 && place.heightPx > 0)) return false;
  const wide = picture.widthPx / picture.heightPx / (place.widthPx / place.heightPx);
  return Math.min(wide, 1 / wide) < leastSeen;
}
