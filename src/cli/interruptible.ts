// A sequence that ends when Ctrl-C comes, also while it waits for its next item (a terminal's input waits for ever).

/** The items until the signal is aborted. The source is told to end, and not waited for: it may be stuck in a read. */
export async function* interruptible<Item>(items: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]();
  const aborted = Promise.withResolvers<null>();
  const onAbort = (): void => aborted.resolve(null);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted.promise]);
      if (next === null || next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    void Promise.resolve(iterator.return?.()).catch(() => undefined); // it is given up, with whatever it says of that
  }
}
