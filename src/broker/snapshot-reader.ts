// One request's reads of a SnapshotCache: what is fresh at once, else one load that all of the request's reads wait for.

import type { SnapshotCache, Versioned } from "../common/snapshot-cache.ts";

/** How old a snapshot may be when it lacks what is looked for: what was just made is found, and guessing costs a load a second. */
const RELOAD_MS = 1_000;

export interface SnapshotReaderOptions<Snapshot extends Versioned, View extends Versioned> {
  readonly cache: SnapshotCache<Snapshot, View>;
  /** null: nothing changed since that version. */
  readonly load: (knownVersion: number | null) => Promise<Snapshot | null>;
  /** A load failed, and what was known a moment ago is used. */
  readonly warn: (error: unknown) => void;
}

export class SnapshotReader<Snapshot extends Versioned, View extends Versioned> {
  readonly #options: SnapshotReaderOptions<Snapshot, View>;
  /** This request's own load. */
  #loading: Promise<View> | null = null;

  constructor(options: SnapshotReaderOptions<Snapshot, View>) {
    this.#options = options;
  }

  /** What is in force; at once where it is fresh. @throws where there is none, and it cannot be loaded */
  current(): View | Promise<View> {
    return this.#options.cache.fresh() ?? this.reload();
  }

  /** As it is now. */
  reload(): Promise<View> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  /** What `look` finds; where it finds nothing, once more in what is loaded now, unless that was done a moment ago. */
  async find<T>(look: (view: View) => T | undefined): Promise<T | undefined> {
    const found = look(await this.current());
    if (found !== undefined || this.#options.cache.ageMs < RELOAD_MS) return found;
    return look(await this.reload());
  }

  async #load(): Promise<View> {
    const { cache, load, warn } = this.#options;
    const start = cache.beginLoad();
    try {
      cache.put(await load(cache.latest?.version ?? null), start);
    } catch (error) {
      const usable = cache.usable();
      if (usable === null) throw error;
      warn(error);
      return usable;
    }
    return cache.latest!;
  }
}
