// Room in memory for what the connections of an isolate read ahead. A read ahead lasts READ_AHEAD_MS at the most, and what was taken for it
// is free again then, by itself: a connection that the platform ends gives nothing back.

import { READ_AHEAD_MS } from "../common/limits.ts";

/** Counted for a read of less: one costs more than its bytes. */
const MIN_READ_BYTES = 64 * 1024;

/** Room that was taken. */
export interface Room {
  /** Gives it back. */
  leave(): void;
}

interface Taken {
  readonly bytes: number;
  readonly sinceMs: number;
}

export class SharedRoom {
  readonly #maxBytes: number;
  /** The oldest first. */
  readonly #taken = new Set<Taken>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes room for so many bytes; null where there is none. */
  enter(bytes: number, nowMs: number): Room | null {
    for (const taken of this.#taken) {
      if (nowMs - taken.sinceMs <= 2 * READ_AHEAD_MS) break;
      this.#leave(taken);
    }
    const taken = { bytes: Math.max(bytes, MIN_READ_BYTES), sinceMs: nowMs };
    if (this.#bytes + taken.bytes > this.#maxBytes) return null;
    this.#taken.add(taken);
    this.#bytes += taken.bytes;
    return { leave: () => this.#leave(taken) };
  }

  #leave(taken: Taken): void {
    if (this.#taken.delete(taken)) this.#bytes -= taken.bytes;
  }
}
