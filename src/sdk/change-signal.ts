// Tells those who wait that something changed: they look by themselves whether it is what they wait for.

export class ChangeSignal {
  #next = Promise.withResolvers<void>();

  /** Resolves at the next change. */
  wait(): Promise<void> {
    return this.#next.promise;
  }

  notify(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers<void>();
  }
}
