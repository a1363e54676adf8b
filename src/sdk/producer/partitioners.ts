// Which partition a record without one goes to. The default is Kafka's: murmur2 of the key (so that every client, in any language, puts a
// key into the same partition), and for records without a key one partition until it got a batch of bytes, then another (sticky, KIP-480,
// KIP-794), less often one whose queue is long.

import { partitionForKey } from "../../common/murmur2.ts";

export interface PartitionRequest {
  readonly topic: string;
  /** At least 1. */
  readonly partitionCount: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** @returns the partition, from 0; null leaves it to the sticky choice */
export type Partitioner = (request: PartitionRequest) => number | null;

/** Kafka's default: by key, sticky without one. */
export const murmur2Partitioner: Partitioner = ({ key, partitionCount }) => (key === null ? null : partitionForKey(key, partitionCount));

/** Keys play no part (partitioner.ignore.keys). */
export const stickyPartitioner: Partitioner = () => null;

export const randomPartitioner: Partitioner = ({ partitionCount }) => Math.floor(Math.random() * partitionCount);

/** One partition after the other, whatever the key; each topic for itself. */
export function roundRobinPartitioner(): Partitioner {
  const turns = new Map<string, number>();
  return ({ topic, partitionCount }) => {
    const turn = turns.get(topic) ?? 0;
    turns.set(topic, turn + 1);
    return turn % partitionCount;
  };
}

interface Stuck {
  partition: number;
  leftBytes: number;
}

/** The sticky choice (org.apache.kafka.clients.producer.internals.BuiltInPartitioner). */
export class StickyPartitions {
  readonly #stickyBytes: number;
  readonly #random: () => number;
  readonly #stuck = new Map<string, Stuck>();

  /** @param stickyBytes that a partition gets before the next: the batch size */
  constructor(stickyBytes: number, random: () => number = Math.random) {
    this.#stickyBytes = stickyBytes;
    this.#random = random;
  }

  /** @param queueLength batches that wait for a partition: the more, the less likely it is chosen */
  choose(topic: string, partitionCount: number, queueLength: (partition: number) => number): number {
    const stuck = this.#stuck.get(topic);
    if (stuck !== undefined && stuck.leftBytes > 0 && stuck.partition < partitionCount) return stuck.partition;
    const partition = this.#next(partitionCount, queueLength);
    this.#stuck.set(topic, { partition, leftBytes: this.#stickyBytes });
    return partition;
  }

  /** Notes what the chosen partition got. */
  produced(topic: string, bytes: number): void {
    const stuck = this.#stuck.get(topic);
    if (stuck !== undefined) stuck.leftBytes -= bytes;
  }

  /** Each partition as likely as its queue is shorter than one more than the longest. */
  #next(partitionCount: number, queueLength: (partition: number) => number): number {
    const lengths = Array.from({ length: partitionCount }, (_, partition) => queueLength(partition));
    const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
    let left = this.#random() * lengths.reduce((sum, length) => sum + longest + 1 - length, 0);
    for (const [partition, length] of lengths.entries()) {
      left -= longest + 1 - length;
      if (left < 0) return partition;
    }
    return partitionCount - 1;
  }
}
