// What an isolate knows of something that one object keeps, versioned and small: its newest snapshot, a few seconds old at the most.
// Requests share this, and never promises (see broker/cluster-cache.ts): when it has expired one request takes the refresh upon itself, the
// others go on with what there is for a moment.
//
// Invariants: a snapshot never replaces a newer one. A load that began before the cache was expired makes nothing fresh.

/** How long a snapshot is believed: a change takes this long, and REFRESH_MS more at the worst, to reach every isolate. */
const TTL_MS = 5_000;

/** How long an expired snapshot is used while a request refreshes it. */
const REFRESH_MS = 1_000;

/** How long a snapshot is used when the object cannot be reached. */
const MAX_AGE_MS = 60_000;

export interface Versioned {
  /** Rises with every change. */
  readonly version: number;
}

/** When a load began. */
export interface LoadStart {
  readonly atMs: number;
  readonly expirations: number;
}

/** `Snapshot` is what is loaded, `View` what is made of it once for all who look. */
export class SnapshotCache<Snapshot extends Versioned, View extends Versioned> {
  readonly #now: () => number;
  readonly #viewOf: (snapshot: Snapshot) => View;
  #view: View | null = null;
  #loadedAtMs = 0;
  #expirations = 0;
  /** Until then somebody is refreshing it. */
  #refreshUntilMs = 0;

  /** @param now ms; any clock that does not go back */
  constructor(now: () => number, viewOf: (snapshot: Snapshot) => View) {
    this.#now = now;
    this.#viewOf = viewOf;
  }

  /** The newest that is known, however old; null before the first load. */
  get latest(): View | null {
    return this.#view;
  }

  /** What is believed, or null when the caller has to load it. */
  fresh(): View | null {
    const age = this.ageMs;
    if (age < TTL_MS) return this.#view;
    const now = this.#now();
    if (now < this.#refreshUntilMs && age < TTL_MS + REFRESH_MS) return this.#view;
    this.#refreshUntilMs = now + REFRESH_MS;
    return null;
  }

  /** The newest, unless it is too old to be used even in need. */
  usable(): View | null {
    return this.ageMs < MAX_AGE_MS ? this.#view : null;
  }

  get ageMs(): number {
    return this.#view === null ? Number.POSITIVE_INFINITY : this.#now() - this.#loadedAtMs;
  }

  /** To be passed to `put` when the load is done. */
  beginLoad(): LoadStart {
    return { atMs: this.#now(), expirations: this.#expirations };
  }

  /** Takes what was loaded; null: it is what it was. */
  put(snapshot: Snapshot | null, start: LoadStart): void {
    if (snapshot !== null && (this.#view === null || snapshot.version > this.#view.version)) this.#view = this.#viewOf(snapshot);
    if (start.expirations === this.#expirations) this.#loadedAtMs = Math.max(this.#loadedAtMs, start.atMs);
  }

  /** The next look loads: something was changed here. */
  expire(): void {
    this.#loadedAtMs = Math.min(this.#loadedAtMs, this.#now() - TTL_MS - REFRESH_MS);
    this.#refreshUntilMs = 0;
    this.#expirations += 1;
  }
}
