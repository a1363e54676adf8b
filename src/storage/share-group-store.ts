// What a share group's object remembers: its settings, what it consumes, and the share partitions of earlier lives that are still to be
// destroyed. Calls are synchronous, as SQLite is in a Durable Object.

import type { ShareSettings } from "../common/share-settings.ts";

export interface StoredShareTopic {
  readonly topicId: string;
  readonly topic: string;
  readonly topicVersion: number;
  /** So many, from 0 on, have their start offset. */
  readonly partitionCount: number;
}

/** Share partitions that nobody uses any more. */
export interface ShareGrave {
  readonly groupUuid: string;
  readonly topicId: string;
  readonly partitionCount: number;
}

export interface StoredShareGroup {
  readonly groupId: string;
  /** null: the group is deleted, and what is left are graves. */
  readonly groupUuid: string | null;
  readonly settings: ShareSettings;
  readonly settingsVersion: number;
  /** The pull subscription that it belongs to, and what that pulls; null: none. */
  readonly subscription: { readonly topics: readonly string[] } | null;
  readonly topics: readonly StoredShareTopic[];
  /** Partitions that may have been begun, by topic id: more than are known to have their start offset, after a crash. */
  readonly begun: Readonly<Record<string, number>>;
  readonly graves: readonly ShareGrave[];
}

export interface ShareGroupStore {
  /** null: nothing was stored. */
  group(): StoredShareGroup | null;
  put(group: StoredShareGroup): void;
  /** Forgets all of it, any alarm of the object included. */
  clear(): Promise<void>;
}
