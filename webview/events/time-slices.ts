/** Splits long work into slices, between which the page draws and responds. */

/** Longest stretch of work before the page may draw and respond. */
export const SLICE_MS = 8;
/** Rows between two checks of the clock. */
export const ROWS_PER_LOOK = 512;

/** Yields to the browser. setTimeout would be throttled to 4 ms after a few calls. */
export function yieldToPage(): Promise<void> {
  return new Promise(resolve => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(null);
  });
}

/** Returns a function that long work awaits regularly: it yields to the browser once a slice is over; false: `cancelled`. */
export function inSlices(cancelled: () => boolean): () => Promise<boolean> {
  let until = performance.now() + SLICE_MS;
  return async () => {
    if (performance.now() <= until) return true;
    await yieldToPage();
    until = performance.now() + SLICE_MS;
    return !cancelled();
  };
}
