/** The 16-bit sample at `seconds` of a soft bell of `pitchHz` and its octave that is struck at every full second. */
export function bell(seconds: number, pitchHz: number): number {
  const since = seconds % 1;
  const envelope = Math.min(1, since * 200) * Math.exp(-5 * since) * Math.min(1, (1 - since) * 50);
  const turn = 2 * Math.PI * pitchHz * seconds;
  return Math.round(9000 * envelope * (Math.sin(turn) + 0.35 * Math.sin(2 * turn)));
}
