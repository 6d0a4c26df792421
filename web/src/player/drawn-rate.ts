/** How often the page is drawn is looked at for half a second in five, while any player is on the page. */
const everyMs = 5000;
const forMs = 500;

let users = 0;
let timer: number | undefined;
let rate: number | undefined;

/** Keeps looking until the handle is disposed. */
export function watchDrawnRate(): Disposable {
  if (users++ === 0) timer = window.setInterval(measure, everyMs);
  return {
    [Symbol.dispose]: () => {
      if (--users > 0) return;
      clearInterval(timer);
      rate = undefined;
    },
  };
}

/** Pictures of the page a second; undefined while it is hidden or was not looked at yet. */
export function drawnPerSecond(): number | undefined {
  return rate;
}

function measure(): void {
  rate = undefined;
  if (document.hidden) return;
  const beganMs = performance.now();
  let drawn = 0;
  const onDrawn = (nowMs: number) => {
    if (document.hidden) return;
    drawn++;
    if (nowMs - beganMs < forMs) requestAnimationFrame(onDrawn);
    else rate = (drawn / (nowMs - beganMs)) * 1000;
  };
  requestAnimationFrame(onDrawn);
}
