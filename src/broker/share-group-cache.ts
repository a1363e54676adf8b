// What an isolate knows of share groups, so that a pull costs the group's object nothing: shared by its requests, data and no promises.
// A group that was deleted is found out by its share partitions, which are not there any more.

import { MAX_CACHED_SHARE_GROUPS, SHARE_GROUP_CACHE_MS } from "../common/limits/share-groups.ts";
import type { ShareGroupView } from "./ports.ts";

export class ShareGroupCache {
  readonly #now: () => number;
  /** By group id, the oldest first. */
  readonly #entries = new Map<string, { readonly view: ShareGroupView; readonly expiresAtMs: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** null: ask the group. */
  get(groupId: string): ShareGroupView | null {
    const entry = this.#entries.get(groupId);
    return entry === undefined || this.#now() >= entry.expiresAtMs ? null : entry.view;
  }

  put(view: ShareGroupView): void {
    this.#entries.delete(view.groupId);
    this.#entries.set(view.groupId, { view, expiresAtMs: this.#now() + SHARE_GROUP_CACHE_MS });
    if (this.#entries.size <= MAX_CACHED_SHARE_GROUPS) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest!);
  }

  forget(groupId: string): void {
    this.#entries.delete(groupId);
  }
}
