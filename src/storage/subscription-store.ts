// What a subscription object remembers: what it was told to do, and how far it has come in each partition. Calls are synchronous, as
// SQLite is in a Durable Object.
//
// Invariant: a subscription that was never put, or was cleared, has stored nothing.

/** [from, to), as numbers. */
export type StoredRange = readonly [from: number, to: number];

/** Records that failed together and are to be tried again, together. */
export interface StoredRetry {
  readonly offsets: readonly StoredRange[];
  readonly attempts: number;
  /** ms since the epoch */
  readonly dueMs: number;
  /** Why they failed. */
  readonly error: string;
}

/** Stored; fields may be added, never renamed or given another meaning. */
export interface StoredTrack {
  /** Unique in the subscription. */
  readonly id: string;
  readonly topicId: string;
  readonly topic: string;
  readonly partition: number;
  /** Exclusive end of a redrive; null: the partition is followed for ever. */
  readonly stopAt: number | null;
  /** Of a redrive: offsets of the dead-letter topic to redrive; null: all of them below stopAt. */
  readonly selection: readonly StoredRange[] | null;
  /** Below `end`, and not settled. */
  readonly owed: readonly StoredRange[];
  /** Nothing from here on was touched. */
  readonly end: number;
  readonly retries: readonly StoredRetry[];
  /** Records of each call that may be under way, or is planned, and has not failed. Absent where an older version wrote it: none. */
  readonly planned?: readonly (readonly StoredRange[])[];
  /** What the group knows; null: nothing of this partition. */
  readonly committed: number | null;
  /** The partition is to wake the subscription: nothing is to be read before it does. */
  readonly isArmed: boolean;
}

/** Stored as JSON; fields may be added with a default where they are read, never renamed or given another meaning. */
export interface StoredSubscription<Config, Secrets> {
  readonly name: string;
  readonly config: Config;
  readonly secrets: Secrets;
  /** Why nothing is sent; null: it is. */
  readonly pausedReason: string | null;
  readonly createdAtMs: number;
  /** What the group said when its offsets were last agreed on (subscribed-group.ts). */
  readonly fence: number;
  /** The topics' partitions are to be looked at again. */
  readonly mustLookAtTopics: boolean;
}

export interface SubscriptionStore<Config, Secrets> {
  /** null: there is none. */
  subscription(): StoredSubscription<Config, Secrets> | null;
  putSubscription(subscription: StoredSubscription<Config, Secrets>): void;
  tracks(): StoredTrack[];
  /** Adds or replaces these, all or none. */
  putTracks(tracks: readonly StoredTrack[]): void;
  removeTracks(ids: readonly string[]): void;
  /** Forgets everything. */
  clear(): Promise<void>;
}
