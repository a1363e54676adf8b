// Room in memory that the requests and connections of an isolate share: for what is read ahead, and for answers on their way. What was
// taken is free again after a time, by itself: a request or connection that the platform ends gives nothing back.

/** Room that was taken. */
export interface Room {
  /** Takes more or less, whatever is free: what is held is counted. Its time begins anew. */
  resize(bytes: number, nowMs: number): void;
  /** Gives it back. */
  leave(): void;
}

interface Taken {
  bytes: number;
  sinceMs: number;
}

export class SharedRoom {
  readonly #maxBytes: number;
  readonly #maxAgeMs: number;
  /** The oldest first. */
  readonly #taken = new Set<Taken>();
  #bytes = 0;

  /** @param maxAgeMs how long room is taken at the most, unless it is resized */
  constructor(maxBytes: number, maxAgeMs: number) {
    this.#maxBytes = maxBytes;
    this.#maxAgeMs = maxAgeMs;
  }

  /** Below 0 where more is held than there is room for. */
  freeBytes(nowMs: number): number {
    for (const taken of this.#taken) {
      if (nowMs - taken.sinceMs <= this.#maxAgeMs) break;
      this.#leave(taken);
    }
    return this.#maxBytes - this.#bytes;
  }

  /** Takes room for so many bytes; null where there is none. */
  enter(bytes: number, nowMs: number): Room | null {
    if (bytes > this.freeBytes(nowMs)) return null;
    const room = this.open(nowMs);
    room.resize(bytes, nowMs);
    return room;
  }

  /** Room for nothing yet. */
  open(nowMs: number): Room {
    const taken = { bytes: 0, sinceMs: nowMs };
    this.#taken.add(taken);
    return { resize: (newBytes, atMs) => this.#resize(taken, newBytes, atMs), leave: () => this.#leave(taken) };
  }

  #resize(taken: Taken, bytes: number, nowMs: number): void {
    this.#leave(taken);
    taken.bytes = bytes;
    taken.sinceMs = nowMs;
    this.#taken.add(taken);
    this.#bytes += bytes;
  }

  #leave(taken: Taken): void {
    if (this.#taken.delete(taken)) this.#bytes -= taken.bytes;
  }
}
