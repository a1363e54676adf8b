// Attempts on their way to their topic: written together, some at a time, so that the log of a call costs next to nothing.

import { MAX_HELD_RECORDS } from "../common/limits/subscriptions.ts";
import type { Attempt } from "./attempt-log.ts";
import type { DeliveryWorld } from "./world.ts";

/** The first of them waits so long for others (ms). */
const DELAY_MS = 250;

export class AttemptQueue {
  readonly #world: Pick<DeliveryWorld, "timer" | "logAttempts">;
  readonly #written: () => void;
  #waiting: Attempt[] = [];
  #isWriting = false;
  #cancelTimer: (() => void) | null = null;

  /** @param written called when nothing waits any more */
  constructor(world: Pick<DeliveryWorld, "timer" | "logAttempts">, written: () => void) {
    this.#world = world;
    this.#written = written;
  }

  get isPending(): boolean {
    return this.#isWriting || this.#waiting.length > 0;
  }

  /** What comes faster than it can be written is left out. */
  add(attempt: Attempt): void {
    if (this.#waiting.length >= MAX_HELD_RECORDS) return;
    this.#waiting.push(attempt);
    this.#schedule();
  }

  /** Writes what waits at once. */
  stop(): void {
    this.#cancelTimer?.();
    void this.#write();
  }

  #schedule(): void {
    if (this.#cancelTimer !== null || this.#isWriting) return;
    this.#cancelTimer = this.#world.timer(DELAY_MS, () => void this.#write());
  }

  async #write(): Promise<void> {
    this.#cancelTimer = null;
    const attempts = this.#waiting;
    if (attempts.length === 0) return;
    this.#waiting = [];
    this.#isWriting = true;
    await this.#world.logAttempts(attempts);
    this.#isWriting = false;
    if (this.#waiting.length > 0) this.#schedule();
    else this.#written();
  }
}
