// What a mirror needs of a cluster, whichever protocol leads to it: http-cluster.ts over the SDK, kafka-cluster.ts over Kafka's own.

import type { Position as Committed, TopicPartition } from "../../sdk/consumer/records.ts";
import type { Range } from "../consume/ranges.ts";
import type { NewRecord, StoredRecord } from "../records/record.ts";

/** The offsets of a partition: `end` is the last stable one, exclusive. */
export interface LogRange {
  readonly start: number;
  readonly end: number;
}

export interface Cluster {
  /** Kafka's cluster id: what a record's way is noted by. */
  readonly id: string;
  /** Names with their numbers of partitions. */
  topics(): Promise<ReadonlyMap<string, number>>;
  createTopic(name: string, partitions: number): Promise<void>;
  logRange(place: TopicPartition): Promise<LogRange>;
  /** Committed records, a page of one partition at a time, until every range is at its end or the signal is aborted. */
  read(ranges: readonly Range[], signal: AbortSignal): AsyncGenerator<readonly StoredRecord[]>;
  /** Resolves once all are durable, in their order. */
  write(place: TopicPartition, records: readonly NewRecord[]): Promise<void>;
  committed(groupId: string): Promise<readonly Committed[]>;
  /** @throws where the group has members, among other reasons */
  commit(groupId: string, offsets: readonly Committed[]): Promise<void>;
  close(): Promise<void>;
}
