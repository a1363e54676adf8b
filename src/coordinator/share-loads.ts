// Who looks at the log for a share partition. Of all the pulls that find nothing, one is asked to; the others wait for what it brings, and
// need not look themselves. One that does not come back in time loses its turn. In memory alone: after a restart somebody else is asked.

import { waitAtMost } from "../common/concurrency.ts";

export interface ShareLoadsOptions {
  readonly now: () => number;
  readonly timeoutMs: number;
}

interface Load {
  readonly endsAtMs: number;
  readonly isOver: Promise<void>;
  readonly end: () => void;
}

export class ShareLoads {
  readonly #options: ShareLoadsOptions;
  #load: Load | null = null;

  constructor(options: ShareLoadsOptions) {
    this.#options = options;
  }

  get isUnderWay(): boolean {
    return this.#load !== null && this.#options.now() < this.#load.endsAtMs;
  }

  begin(): void {
    this.end();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#load = { endsAtMs: this.#options.now() + this.#options.timeoutMs, isOver: promise, end: resolve };
  }

  /** Whoever looked has answered. */
  end(): void {
    this.#load?.end();
    this.#load = null;
  }

  /** Until the load that is under way has ended, or lost its turn. */
  async over(): Promise<void> {
    const load = this.#load;
    if (load === null) return;
    await waitAtMost(Math.max(0, load.endsAtMs - this.#options.now()), load.isOver);
  }
}
