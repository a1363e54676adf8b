// A subscription in memory, for tests: what is kept went through JSON, as it does in SQLite.

import type { StoredSubscription, StoredTrack, SubscriptionStore } from "./subscription-store.ts";

export class MemorySubscriptionStore<Config, Secrets> implements SubscriptionStore<Config, Secrets> {
  #subscription: string | null = null;
  readonly #tracks = new Map<string, string>();

  subscription(): StoredSubscription<Config, Secrets> | null {
    return this.#subscription === null ? null : (JSON.parse(this.#subscription) as StoredSubscription<Config, Secrets>);
  }

  putSubscription(subscription: StoredSubscription<Config, Secrets>): void {
    this.#subscription = JSON.stringify(subscription);
  }

  tracks(): StoredTrack[] {
    return [...this.#tracks.values()].map((document) => JSON.parse(document) as StoredTrack);
  }

  putTracks(tracks: readonly StoredTrack[]): void {
    for (const track of tracks) this.#tracks.set(track.id, JSON.stringify(track));
  }

  removeTracks(ids: readonly string[]): void {
    for (const id of ids) this.#tracks.delete(id);
  }

  async clear(): Promise<void> {
    this.#subscription = null;
    this.#tracks.clear();
  }
}
