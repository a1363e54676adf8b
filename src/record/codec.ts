// How the doors see the records inside stored batches, whoever decodes them: the Wasm core in the Worker, plain TypeScript in tests.

/** One record as stored. Offsets and timestamps (ms) are safe integers. */
export interface DecodedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

export interface DecodedRecords {
  readonly records: readonly DecodedRecord[];
  /** Where to go on: after the last record given, or after the last batch when all of them are. Control batches are passed over. */
  readonly nextOffset: number;
}

export interface RecordCodec {
  /**
   * Unpacks whole record batches (v2), at most `maxRecords` records at or after `fromOffset`.
   * Throws where the bytes are not batches: what a partition stored was checked before, so that is a bug.
   */
  decode(batches: Uint8Array, fromOffset: number, maxRecords: number): DecodedRecords;
}
