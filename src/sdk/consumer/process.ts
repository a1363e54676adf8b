// Records processed several at a time without breaking their order: each lane, a partition or a key, is worked off one record after the
// other, and lanes side by side. What may be committed is told as it grows: of each partition, everything before the first record that is
// not done.

import { requireInteger } from "../option-checks.ts";
import { asText, type ConsumerRecord, placeKey } from "./records.ts";

export type RecordHandler = (record: ConsumerRecord) => void | Promise<void>;

export interface ProcessOptions {
  /** Lanes at a time. 1: one record after the other. */
  readonly concurrency?: number;
  /** What keeps its order: `partition` all of a partition, `key` records with the same key; those without one have none to keep. */
  readonly order?: "partition" | "key";
}

/**
 * Resolves when every record is handled. Rejects with the first error of the handler, once the lanes that run have ended their record.
 * @throws RangeError for a number of lanes that is none
 * @param onDone told of each record that is done, in any order
 */
export async function processRecords(
  records: readonly ConsumerRecord[],
  handler: RecordHandler,
  { concurrency = 1, order = "partition" }: ProcessOptions,
  onDone: (record: ConsumerRecord) => void,
): Promise<void> {
  requireInteger("concurrency", concurrency, 1); // without a lane nothing would be handled, and all count as processed
  const lanes = [...lanesOf(records, concurrency === 1 ? "all" : order).values()].values();
  let failure: { readonly error: unknown } | null = null;
  const work = async () => {
    for (const lane of lanes) {
      for (const record of lane) {
        if (failure !== null) return;
        try {
          await handler(record);
          onDone(record);
        } catch (error) {
          failure ??= { error };
        }
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const failed = failure as { readonly error: unknown } | null; // set inside `work`, where the compiler does not look
  if (failed !== null) throw failed.error;
}

function lanesOf(records: readonly ConsumerRecord[], order: "all" | "partition" | "key"): Map<unknown, ConsumerRecord[]> {
  if (order === "all") return new Map([["all", [...records]]]);
  return Map.groupBy(records, (record): unknown => {
    if (order === "partition") return placeKey(record);
    return record.key === null ? record : `${placeKey(record)}/${asText(record.key)}`;
  });
}

/** How far partitions are processed, when their records are done in any order. */
export class Progress {
  readonly #partitions = new Map<string, { readonly queue: ConsumerRecord[]; next: number }>();
  readonly #done = new Set<ConsumerRecord>();

  /** Records that are being processed from now on, each partition's in order. */
  begin(records: readonly ConsumerRecord[]): void {
    this.#partitions.clear();
    this.#done.clear();
    for (const [key, queue] of Map.groupBy(records, placeKey)) this.#partitions.set(key, { queue, next: 0 });
  }

  /** @returns how far the record's partition is done now: the next offset; null where it is not further than before */
  done(record: ConsumerRecord): number | null {
    this.#done.add(record);
    const partition = this.#partitions.get(placeKey(record));
    if (partition === undefined) return null;
    const before = partition.next;
    while (partition.next < partition.queue.length && this.#done.has(partition.queue[partition.next]!)) partition.next++;
    return partition.next === before ? null : partition.queue[partition.next - 1]!.offset + 1;
  }
}
