// A group's offsets in memory, for tests. It keeps the same promises as SqliteOffsetStore: test/conformance/offset-store.ts runs over
// both.

import { compareUtf8 } from "../common/utf8.ts";
import type { OffsetStore, StoredOffset } from "./offset-store.ts";

export class MemoryOffsetStore implements OffsetStore {
  #groupId: string | null = null;
  readonly #offsets = new Map<string, StoredOffset>();

  groupId(): string | null {
    return this.#groupId;
  }

  putOffsets(groupId: string, offsets: readonly StoredOffset[]): void {
    this.#groupId ??= groupId;
    for (const offset of structuredClone(offsets)) this.#offsets.set(`${offset.topicId}/${offset.partition}`, offset);
  }

  offset(topicId: string, partition: number): StoredOffset | null {
    return this.#offsets.get(`${topicId}/${partition}`) ?? null;
  }

  offsets(): StoredOffset[] {
    return [...this.#offsets.values()].sort(
      (a, b) => compareUtf8(a.topic, b.topic) || compareUtf8(a.topicId, b.topicId) || a.partition - b.partition,
    );
  }

  removeOffsets(offsets: readonly Pick<StoredOffset, "topicId" | "partition">[]): void {
    for (const { topicId, partition } of offsets) this.#offsets.delete(`${topicId}/${partition}`);
  }

  async clear(): Promise<void> {
    this.#groupId = null;
    this.#offsets.clear();
  }
}
