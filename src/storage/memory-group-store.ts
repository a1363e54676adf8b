// A group's members in memory, for tests. It keeps the same promises as SqliteGroupStore: test/conformance/group-store.ts runs over
// both.

import type { GroupStore, StoredClassicGroup } from "./group-store.ts";

export class MemoryGroupStore implements GroupStore {
  #group: StoredClassicGroup | null = null;
  #sessions: ReadonlyMap<string, number> | null = null;

  classicGroup(): StoredClassicGroup | null {
    return structuredClone(this.#group);
  }

  putClassicGroup(group: StoredClassicGroup): void {
    this.#group = structuredClone(group);
  }

  sessions(): ReadonlyMap<string, number> | null {
    return structuredClone(this.#sessions);
  }

  putSessions(sessions: ReadonlyMap<string, number>): void {
    this.#sessions = new Map(sessions);
  }

  clearSessions(): void {
    this.#sessions = null;
  }

  clear(): void {
    this.#group = null;
    this.#sessions = null;
  }
}
