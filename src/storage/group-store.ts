// What a group object remembers of its members: the last finished generation of a classic group, and, while the object is out of
// memory, when the sessions of its members end. Calls are synchronous, as SQLite is in a Durable Object.
//
// Invariant: sessions are there only where nobody was heard since they were written (docs/decisions/0005-group-sessions.md).

export interface StoredProtocol {
  readonly name: string;
  readonly metadata: ArrayBuffer;
}

export interface StoredMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocols: readonly StoredProtocol[];
  readonly assignment: ArrayBuffer;
}

export interface StoredClassicGroup {
  readonly generationId: number;
  /** null: the group never had members. */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leaderId: string | null;
  /** When this generation began; of a group without members, since when it has none (ms since the epoch). */
  readonly sinceMs: number;
  readonly members: readonly StoredMember[];
}

export interface GroupStore {
  /** null: none was stored. */
  classicGroup(): StoredClassicGroup | null;
  putClassicGroup(group: StoredClassicGroup): void;
  /** When the session of each member ends, by member id (ms since the epoch); null: not known. */
  sessions(): ReadonlyMap<string, number> | null;
  putSessions(sessions: ReadonlyMap<string, number>): void;
  /** Repeats cost nothing. */
  clearSessions(): void;
  /** Forgets all of it. */
  clear(): void;
}
