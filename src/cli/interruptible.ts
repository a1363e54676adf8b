// A sequence that ends when Ctrl-C comes, also while it waits for its next item (a terminal's input waits for ever).
//
// Each item is waited for by itself, and not in a Promise.race with one promise of the signal's: that promise would remember every race, and
// with it every item, for as long as the command runs.

/** The items until the signal is aborted. The source is told to end, and not waited for: it may be stuck in a read. */
export async function* interruptible<Item>(items: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await unlessAborted(iterator.next(), signal);
      if (next === null || next.done) return;
      yield next.value;
    }
  } finally {
    void Promise.resolve(iterator.return?.()).catch(() => undefined); // it is given up, with whatever it says of that
  }
}

/** What the work gives; null once the signal aborts. Leaves nothing behind at the signal. */
async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Result | null>();
  const onAbort = (): void => resolve(null);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  work.then(resolve, reject);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
