// Records that one answer of a group brought, and whose they are: the partitions that the member had, each at the turn in which it asked. A
// record is void once its partition is at another turn, is wanted back, or is gone.

import { refusalOf, type SluiceError } from "../errors.ts";
import type { GroupAssignment, OwnedPartition } from "./group-assignment.ts";
import type { GroupAnswer } from "./group-membership.ts";
import { type ConsumerRecord, fromJson, placeKey, type TopicPartition } from "./records.ts";

interface Owner {
  readonly partition: OwnedPartition;
  readonly turn: number;
  /** After all records of the page, and what is not given of the log. */
  readonly nextOffset: number;
}

export interface GroupPage {
  readonly records: readonly ConsumerRecord[];
  /** By partition. */
  readonly owners: ReadonlyMap<string, Owner>;
  /** Reading on would not have to wait. */
  readonly hasMore: boolean;
}

export const EMPTY_PAGE: GroupPage = { records: [], owners: new Map(), hasMore: false };

/** The turns of all partitions when a request is made. */
export type Turns = ReadonlyMap<OwnedPartition, number>;

export function turnsOf({ owned }: GroupAssignment): Turns {
  return new Map(owned.map((partition) => [partition, partition.turn]));
}

/** Takes an answer's records, and moves their partitions on behind them. What belongs to another turn by now is left out. */
export function takePage({ records, positions, endOffsets, hasMore }: GroupAnswer, assignment: GroupAssignment, turns: Turns): GroupPage {
  for (const end of endOffsets) {
    const partition = assignment.find(end);
    if (partition !== undefined) partition.endOffset = end.offset;
  }
  const byPlace = Map.groupBy(records, placeKey);
  const owners = new Map<string, Owner>();
  for (const { topic, partition: number, offset } of positions) {
    const key = placeKey({ topic, partition: number });
    const partition = assignment.find({ topic, partition: number });
    if (partition === undefined || partition.revokedAtMs !== null || partition.turn !== (turns.get(partition) ?? 0)) continue;
    const [first] = byPlace.get(key) ?? [];
    if (first === undefined) passOver(partition, offset);
    else {
      owners.set(key, { partition, turn: partition.turn, nextOffset: offset });
      partition.processed ??= first.offset;
    }
    partition.position = offset;
  }
  const own = records.filter((record) => owners.has(placeKey(record)));
  const decoded = own.map((record) => ({ topic: record.topic, partition: record.partition, ...fromJson(record) }));
  return { records: decoded, owners, hasMore };
}

/** What stands in the way of reading until somebody does something about it, or null. */
export function refusalIn({ failures }: GroupAnswer): SluiceError | null {
  const refusals = failures.map(refusalOf).filter((refusal) => refusal !== null);
  return refusals.find(({ retriable }) => !retriable) ?? null;
}

/** There was nothing to give up to the offset: markers of transactions, aborted records. */
function passOver(partition: OwnedPartition, offset: number): void {
  if (partition.processed === null || partition.processed !== partition.position || offset === partition.processed) return;
  partition.processed = offset;
  partition.toCommit = offset;
}

/** The partition of the record, if the record is not void. */
export function ownerOf({ owners }: GroupPage, record: TopicPartition): OwnedPartition | null {
  const owner = owners.get(placeKey(record));
  if (owner === undefined || !isCurrent(owner) || owner.partition.revokedAtMs !== null) return null;
  return owner.partition;
}

/** What of the record's partition is processed now: null where that counts for nothing any more. */
export function processedOwner({ owners }: GroupPage, record: TopicPartition): OwnedPartition | null {
  const owner = owners.get(placeKey(record));
  return owner !== undefined && isCurrent(owner) ? owner.partition : null;
}

/** All records of the page that are not void are processed. */
export function endPage({ owners }: GroupPage): void {
  for (const owner of owners.values()) {
    if (!isCurrent(owner) || owner.partition.revokedAtMs !== null) continue;
    owner.partition.processed = owner.nextOffset;
    owner.partition.toCommit = owner.nextOffset;
  }
}

/** Partitions whose records are in one of the pages, and not void. */
export function partitionsOf(pages: readonly (GroupPage | null)[]): ReadonlySet<OwnedPartition> {
  const owners = pages.flatMap((page) => [...(page?.owners.values() ?? [])]);
  return new Set(owners.filter(isCurrent).map(({ partition }) => partition));
}

function isCurrent({ partition, turn }: Owner): boolean {
  return partition.turn === turn && !partition.isGone;
}
