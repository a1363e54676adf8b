// What a group object remembers of its group: that it exists, and its committed offsets, one for each topic id and partition. A topic
// made again under a name has another id, and so no offsets. Calls are synchronous, as SQLite is in a Durable Object.
//
// Invariant: a group that has an offset exists. A store that was only read has written nothing.

export interface StoredOffset {
  readonly topicId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** -1 where not known. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly committedAtMs: number;
}

export interface OffsetStore {
  /** The id of the group, or null where there is none. */
  groupId(): string | null;
  /** Writes all of them or, when it throws, none; makes the group if it is new. Of two for one partition the later stays. */
  putOffsets(groupId: string, offsets: readonly StoredOffset[]): void;
  /** That of one partition, or null. */
  offset(topicId: string, partition: number): StoredOffset | null;
  /** In the order of topic name, topic id and partition. */
  offsets(): StoredOffset[];
  /** Forgets these, by topic id and partition, and leaves the group. */
  removeOffsets(offsets: readonly Pick<StoredOffset, "topicId" | "partition">[]): void;
  /**
   * Forgets the group and all of its offsets.
   * @param scope "object": with all else that the group's object has stored, and its alarm
   */
  clear(scope: "group" | "object"): Promise<void>;
}
