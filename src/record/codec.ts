// How the doors see the records inside stored batches, whoever decodes them: the Wasm core in the Worker, plain TypeScript in tests.

import type { Failure } from "../common/errors.ts";
import type { AbortedTransaction } from "./aborted-batches.ts";

/** One record as stored. Offsets and timestamps (ms) are safe integers. */
export interface DecodedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

export interface DecodeLimits {
  readonly maxRecords: number;
  /** Of keys, values and headers: no further record once there are so many. The first comes whole even if it is larger. */
  readonly maxBytes: number;
}

export interface DecodedRecords {
  readonly records: readonly DecodedRecord[];
  /** Of their keys, values and headers. */
  readonly bytes: number;
  /** Where to go on: after the last record given, or after the last batch when all of them are. Batches without a record for the reader are passed over. */
  readonly nextOffset: number;
}

export interface RecordCodec {
  /**
   * Unpacks whole record batches (v2), as many records at or after `fromOffset` as the limits allow. Control records are not among them,
   * nor those of the aborted transactions.
   * Each batch that is unpacked is checked against its CRC first, as Kafka's consumers do (check.crcs): a disk or an archive may give
   * other bytes than it got, and nobody behind this could tell. What comes before a damaged batch is given, and then it is a failure.
   * @param aborted those that have batches here, by their first offsets
   */
  decode(batches: Uint8Array, fromOffset: number, limits: DecodeLimits, aborted?: readonly AbortedTransaction[]): DecodedRecords | Failure;
}
