// The partitions of a member of a group, and where it is in each: where to fetch next, how far the program has processed, what of that is to
// be committed. A partition that the group wants back is kept, and may be committed, until the program is done with the record that it is
// handling (KIP-848: a member revokes, then says so); its other records are void.
//
// Records of a page belong to a partition at a turn: a seek, a pause or a loss begins another turn, and what was fetched before is void.

import { type Position, placeKey, type TopicPartition } from "./records.ts";

export interface RebalanceListener {
  /** Partitions that are the member's from now on. */
  onAssigned?(partitions: readonly TopicPartition[]): void;
  /** Partitions that it gave back: what was processed of them is committed. */
  onRevoked?(partitions: readonly TopicPartition[]): void;
  /** Partitions that others may have already: the group put the member out, and what was not committed comes again there. */
  onLost?(partitions: readonly TopicPartition[]): void;
}

export interface OwnedPartition {
  readonly place: TopicPartition;
  /** The next offset to fetch; null: where the group is. */
  position: number | null;
  /** The next offset to process; null until something was fetched. */
  processed: number | null;
  /** Processed, and not committed yet. */
  toCommit: number | null;
  /** The end of what may be read, as of the last answer that told; null before. */
  endOffset: number | null;
  /** A page that was fetched in another one is void. */
  turn: number;
  isPaused: boolean;
  /** Records that the program is handling. */
  busy: number;
  /** When the group wanted it back (ms since the epoch); null: it is the member's. */
  revokedAtMs: number | null;
  isGone: boolean;
}

export class GroupAssignment {
  readonly #listener: RebalanceListener;
  readonly #partitions = new Map<string, OwnedPartition>();

  constructor(listener: RebalanceListener) {
    this.#listener = listener;
  }

  /** Those that are the member's. */
  get owned(): readonly OwnedPartition[] {
    return this.all.filter(({ revokedAtMs }) => revokedAtMs === null);
  }

  /** Also those that it is giving back. */
  get all(): readonly OwnedPartition[] {
    return [...this.#partitions.values()];
  }

  find(place: TopicPartition): OwnedPartition | undefined {
    return this.#partitions.get(placeKey(place));
  }

  get positions(): Position[] {
    return this.owned.flatMap(({ place, position }) => (position === null ? [] : [{ ...place, offset: position }]));
  }

  get toCommit(): Position[] {
    return this.all.flatMap(({ place, toCommit }) => (toCommit === null ? [] : [{ ...place, offset: toCommit }]));
  }

  /**
   * Takes what the group says is the member's.
   * @param held what the member had not given back when it asked
   */
  update(assigned: readonly TopicPartition[], held: ReadonlySet<string>, nowMs: number): void {
    const wanted = new Map(assigned.map((place) => [placeKey(place), place]));
    const gone: OwnedPartition[] = [];
    for (const [key, one] of this.#partitions) {
      if (wanted.has(key)) one.revokedAtMs = null;
      else if (held.has(key)) one.revokedAtMs ??= nowMs;
      else gone.push(this.#remove(key, one));
    }
    const added = [...wanted].filter(([key]) => !this.#partitions.has(key));
    for (const [key, place] of added) this.#partitions.set(key, newPartition(place));
    if (gone.length > 0) this.#listener.onRevoked?.(gone.map(({ place }) => place));
    if (added.length > 0) this.#listener.onAssigned?.(added.map(([, place]) => place));
  }

  /** They are others' now, and what was not committed is theirs to do; or the member has left. */
  clear(event: "onRevoked" | "onLost"): void {
    const gone = [...this.#partitions].map(([key, one]) => this.#remove(key, one).place);
    if (gone.length > 0) this.#listener[event]?.(gone);
  }

  #remove(key: string, one: OwnedPartition): OwnedPartition {
    this.#partitions.delete(key);
    return Object.assign(one, { isGone: true, toCommit: null });
  }
}

function newPartition(place: TopicPartition): OwnedPartition {
  return {
    ...{ place, position: null, processed: null, toCommit: null, endOffset: null, turn: 0 },
    ...{ isPaused: false, busy: 0, revokedAtMs: null, isGone: false },
  };
}

/** Goes on at another offset, or where the program has come to: what was fetched and not processed is void. */
export function beginTurn(one: OwnedPartition, offset: number | null): void {
  one.turn += 1;
  one.position = offset;
  one.processed = offset;
}

interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** As requests say it. */
export function topicsOf(partitions: readonly OwnedPartition[]): { topic: string; partitions: number[] }[] {
  const byTopic = Map.groupBy(partitions, ({ place }) => place.topic);
  return [...byTopic].map(([topic, list]) => ({ topic, partitions: list.map(({ place }) => place.partition) }));
}

export function placesOf(topics: readonly TopicPartitions[]): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}

export function isPaused({ isPaused }: OwnedPartition): boolean {
  return isPaused;
}

/** It is wanted back, and nothing of it is being handled. */
export function isToLetGo({ revokedAtMs, busy, isGone }: OwnedPartition): boolean {
  return revokedAtMs !== null && busy === 0 && !isGone;
}
