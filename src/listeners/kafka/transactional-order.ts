// Keeps one connection's transactional batches of a partition in the order in which they came.
//
// Produces of a connection are begun together (connection.ts). The first batch of a transaction in a partition is written only when the
// transaction's coordinator has confirmed it (broker/transactional-append.ts), and what was sent right behind it would meanwhile be refused
// as out of order, which ends a producer's transaction. Kafka's broker takes nothing else from a connection while it verifies; here only
// the same partition's next batch waits.

export class TransactionalOrder {
  /** The last append of each partition that has one under way: at most MAX_REQUESTS_IN_FLIGHT of a connection. */
  readonly #last = new Map<string, Promise<unknown>>();

  /** Begins an append: at once, or behind the partition's last one, whatever became of that. @param topic its name, or its id */
  run<Result>(topic: string, partition: number, append: () => Promise<Result>): Promise<Result> {
    const key = `${partition} ${topic}`;
    const before = this.#last.get(key);
    const result = before === undefined ? append() : before.then(append, append);
    this.#last.set(key, result);
    const forget = (): void => {
      if (this.#last.get(key) === result) this.#last.delete(key);
    };
    result.then(forget, forget);
    return result;
  }
}
