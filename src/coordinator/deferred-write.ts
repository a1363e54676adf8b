// One write for all that changes until the next turn of the event loop. Plain workerd's fsync holds up the one thread, so that calls queue
// behind it: written at once, each would be a commit of its own. A turn later, all that queued have been heard (docs/decisions/0002).

export class DeferredWrite {
  readonly #write: () => void;
  #pending: Promise<void> | null = null;

  /** @param write writes all that has changed; what it throws is every waiter's */
  constructor(write: () => void) {
    this.#write = write;
  }

  /** Resolves once what has changed so far is written; durable a moment later: answers must leave through the output gate. */
  written(): Promise<void> {
    this.#pending ??= new Promise((resolve, reject) => {
      setTimeout(() => {
        this.#pending = null;
        try {
          this.#write();
          resolve();
        } catch (error) {
          reject(error);
        }
      }, 0);
    });
    return this.#pending;
  }
}
