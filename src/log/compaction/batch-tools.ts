// What compaction needs done inside a batch. By the core: core-batch-tools.ts.

import type { BatchHeader } from "../../record/record-batch.ts";
import type { StoredRecord } from "../../wasm/record-batches.ts";

export interface BatchTools {
  /** The records of a batch. Their keys and values are views into it, or into a copy of its own. */
  records(batch: Uint8Array): readonly StoredRecord[];
  /**
   * A batch like the one that had this header, with some of its records (one at least): same offsets, producer, codec and type of
   * timestamp, or the same marker.
   * @param deleteHorizonMs when its tombstones, or its marker, may go (KIP-534), null where it has none
   */
  rebuild(header: BatchHeader, records: readonly StoredRecord[], deleteHorizonMs: number | null): Uint8Array;
  /** The same without any record, which still tells of its offsets and its producer's sequences. */
  emptied(header: BatchHeader): Uint8Array;
}
