/** Long work in slices, between which the page draws and answers. */

/** Longest stretch of work before the page may draw and answer again. */
export const SLICE_MS = 8;
/** Rows between two looks at the clock. */
export const ROWS_PER_LOOK = 512;

/** Gives the browser a turn. setTimeout would be slowed to 4 ms after a few calls. */
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

/** Returns what long work awaits now and then: it gives the browser a turn once a slice is over; false: `cancelled`. */
export function inSlices(cancelled: () => boolean): () => Promise<boolean> {
  let until = performance.now() + SLICE_MS;
  return async () => {
    if (performance.now() <= until) return true;
    await yieldToPage();
    until = performance.now() + SLICE_MS;
    return !cancelled();
  };
}
