const bars = 14;

/** Draws a loudness of 0 to 1 as a row of bars in the element's own colour. */
export function drawLevel(canvas: HTMLCanvasElement, level: number): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const step = canvas.width / bars;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = getComputedStyle(canvas).color;
  for (let bar = 0; bar < bars; bar++) {
    const lit = bar < Math.round(level * bars);
    const height = canvas.height * (0.3 + (0.7 * bar) / (bars - 1));
    context.globalAlpha = lit ? 1 : 0.28;
    context.fillRect(bar * step, (canvas.height - height) / 2, step - 3, height);
  }
}
