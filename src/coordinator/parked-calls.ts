// Calls that wait for something to happen to their group, each under a number. Every one is answered once, or rejected with the object.

export class ParkedCalls<A> {
  readonly #answers = new Map<number, (answer: A) => void>();
  #lastWaiter = 0;

  get count(): number {
    return this.#answers.size;
  }

  park(): { readonly waiter: number; readonly answered: Promise<A> } {
    const { promise, resolve } = Promise.withResolvers<A>();
    const waiter = ++this.#lastWaiter;
    this.#answers.set(waiter, resolve);
    return { waiter, answered: promise };
  }

  answer(waiter: number, answer: A): void {
    const resolve = this.#answers.get(waiter);
    if (resolve === undefined) throw new Error(`call ${waiter} was answered before`);
    this.#answers.delete(waiter);
    resolve(answer);
  }
}
