// An object's one alarm, which may ring too early but never too late: setting it is a row written, so that one that rings before it has
// to stays, and what wants to be called later says so again when it rings.

/** The latest that a Date can be: what is to happen beyond it never does. */
const LATEST_TIME_MS = 8.64e15;

export class EarlyAlarm {
  readonly #set: (atMs: number) => void;
  /** When it rings (ms since the epoch); null: not at all. */
  #atMs: number | null;

  /** @param atMs as it is set in storage */
  constructor(atMs: number | null, set: (atMs: number) => void) {
    this.#atMs = atMs;
    this.#set = set;
  }

  ringBy(atMs: number): void {
    if (atMs > LATEST_TIME_MS || (this.#atMs !== null && this.#atMs <= atMs)) return;
    this.#atMs = atMs;
    this.#set(atMs);
  }

  /** To be called first when it rings, and when the storage was wiped. */
  isGone(): void {
    this.#atMs = null;
  }
}
