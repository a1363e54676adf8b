// What every client's member of a consumer group is to the scenarios: it starts, its handler sees records, it says what it has, and it ends
// in one of two ways. Each kind of client has an adapter that is this and nothing more; what a client cannot do is in kinds.ts.

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** A record as a handler got it. */
export interface Seen extends Place {
  readonly offset: number;
  readonly value: string;
}

export interface MemberOptions {
  readonly groupId: string;
  /** Names, or a regular expression for whole names. Members begin at the earliest record where nothing is committed. */
  readonly topics: readonly string[] | { readonly pattern: string };
  /** Makes it a static member. */
  readonly instanceId?: string;
  /** ms; how long the group waits for a member that is not heard. The consumer protocol's is the broker's, whatever is said here. */
  readonly sessionTimeoutMs: number;
  /** ms; how long the handler may take before a client that measures it gives its partitions up (max.poll.interval.ms). */
  readonly maxPollIntervalMs?: number;
  /** Of a crowd of which none is to crash: clients that need a process to be killed may share one. */
  readonly isOneOfMany?: boolean;
  /** Called with each record, one at a time. The record is processed, and may be committed, once it resolves. */
  readonly handle: (record: Seen) => void | Promise<void>;
}

export interface Member {
  /** "topic/partition" of all that the client says it has now, sorted; null before it is told the first time. */
  assigned(): readonly string[] | null;
  /** How often the client was told partitions, the same ones too. */
  readonly timesAssigned: number;
  /** Why it ended, where that was not asked for. */
  readonly failure: string | null;
  /** Reads on from another offset, of a partition that it has. */
  seek(place: Place, offset: number): Promise<void>;
  pause(places: readonly Place[]): Promise<void>;
  resume(places: readonly Place[]): Promise<void>;
  /** Ends well: commits what is processed, and leaves; a static member ends without leaving. */
  leave(): Promise<void>;
  /** Ends as a process that is killed: its connections break, and nobody hears of it again. */
  crash(): Promise<void>;
}

export function placeName({ topic, partition }: Place): string {
  return `${topic}/${partition}`;
}
