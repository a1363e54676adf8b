// Bounded concurrency.

/** Runs `work` on each item, at most `limit` at a time, and resolves when all are done. `work` must not reject. */
export async function forEachConcurrently<T>(items: Iterable<T>, limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

/** Runs pieces of work one after the other, in the order in which they came, whatever becomes of each. */
export class Sequence {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined); // its caller has the rejection; the next piece runs all the same
    return result;
  }
}
