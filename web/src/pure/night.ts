/** Whether a wall tablet dims at this hour of the day. `from` and `to` are hours, 0 to 23; the night may span midnight. */
export function isNight(hour: number, night: { readonly from: number; readonly to: number }): boolean {
  const { from, to } = night;
  if (from === to) return false;
  return from < to ? hour >= from && hour < to : hour >= from || hour < to;
}
