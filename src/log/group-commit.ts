// Group commit: what arrives while a write is on its way to disk is written together, next. The first write after a pause does not
// wait for company, so that a lone append is as fast as it can be (a timer costs it a millisecond: docs/decisions/0002).
//
// Invariant: items are written in the order in which they came, and one `write` is under way at a time.

interface Pending<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommitOptions<Item, Result> {
  /** Writes the items in one transaction; a result for each. */
  readonly write: (items: readonly Item[]) => readonly Result[];
  /** Resolves when everything written so far is durable. */
  readonly synced: () => Promise<void>;
}

export class GroupCommit<Item, Result> {
  readonly #options: GroupCommitOptions<Item, Result>;
  #pending: Pending<Item, Result>[] = [];
  #isWriting = false;

  constructor(options: GroupCommitOptions<Item, Result>) {
    this.#options = options;
  }

  /**
   * Has the items written, together: those of one call are never two commits. Resolves, with a result for each, once they are written;
   * durable a moment later: answers must leave through the output gate.
   */
  submit(items: readonly Item[]): Promise<Result[]> {
    const results = items.map((item) => new Promise<Result>((resolve, reject) => this.#pending.push({ item, resolve, reject })));
    if (!this.#isWriting) void this.#writeAll();
    return Promise.all(results);
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#pending.length > 0) {
      const group = this.#pending;
      this.#pending = [];
      try {
        const results = this.#options.write(group.map((pending) => pending.item));
        for (const [index, pending] of group.entries()) pending.resolve(results[index]!);
        await this.#options.synced();
      } catch (error) {
        for (const pending of group) pending.reject(error);
      }
    }
    this.#isWriting = false;
  }
}
