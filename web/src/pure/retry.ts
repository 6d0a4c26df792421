/** A session that never brought a picture is opened again after this time. */
export const barrenAfterMs = 20_000;

/** How long to wait before try number `attempt` (0 is the first retry): at once, then 0.5, 1, 2, 4, at most 8 s. */
export function retryDelayMs(attempt: number): number {
  return attempt <= 0 ? 0 : Math.min(8000, 250 * 2 ** Math.min(attempt, 10));
}

/** After how long without a picture it counts as standing still: 2.5 s, or four intervals of a slow camera. */
export function staleAfterMs(typicalIntervalMs: number): number {
  return Math.max(2500, Math.min(20_000, typicalIntervalMs * 4));
}

/** After how long without a picture the session is asked whether it is still alive. */
export function doubtAfterMs(typicalIntervalMs: number): number {
  return Math.max(500, Math.min(20_000, typicalIntervalMs * 4));
}
