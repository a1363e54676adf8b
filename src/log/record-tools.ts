// What the log needs done inside a batch, where only the core looks (src/wasm).

/** A record's place by time. */
export interface TimestampedOffset {
  readonly offset: number;
  /** ms */
  readonly timestamp: number;
}

export interface RecordTools {
  /** The first record of a batch at or after `fromOffset` with a timestamp at or above `timestamp` (ms), null where there is none. */
  firstAtOrAfter(batch: Uint8Array, timestamp: number, fromOffset: number): TimestampedOffset | null;
  /** Makes a batch one of LogAppendTime, in place, and its CRC right again. */
  setLogAppendTime(batch: Uint8Array, timestampMs: number): void;
}
