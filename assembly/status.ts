// Status codes of the core. Every export that can fail returns an i32: zero or more is the result, less than zero is one of these.
// `src/wasm/status.ts` maps them to errors and must list the same numbers. Never renumber.

/** The input does not follow its format, or ends too early. */
export const CORRUPT: i32 = -1;
/** The output would be larger than the capacity that the caller gave. */
export const OUTPUT_LIMIT: i32 = -2;
/** The input is well formed but uses something that is not supported (a zstd dictionary, for example). */
export const UNSUPPORTED: i32 = -3;
/** A checksum inside the format does not match its data. */
export const CHECKSUM_MISMATCH: i32 = -4;
/** The core's memory would have to grow past its stated limit. */
export const MEMORY_LIMIT: i32 = -5;

// Record batches (record-validate.ts, record-decode.ts, record-encode.ts). Where a batch of a run or a record is at fault, outcome.ts
// tells which.

/** The magic byte is not 2: an older message format, or no batch at all. */
export const BAD_MAGIC: i32 = -10;
/** A batch is shorter than its header or longer than the bytes there are, or bytes trail it. */
export const BAD_LENGTH: i32 = -11;
/** The CRC-32C in the header is not that of the batch. */
export const BAD_CRC: i32 = -12;
/** Unknown attribute bits or codec, or bits that a client may not set. */
export const BAD_ATTRIBUTES: i32 = -13;
/** The record count is out of range, or does not agree with lastOffsetDelta. */
export const BAD_COUNT: i32 = -14;
/** An offset is negative or beyond 2^53 - 1, or the offset deltas do not go up as they must. */
export const BAD_OFFSET: i32 = -15;
/** Producer id, epoch or sequence is out of range. */
export const BAD_PRODUCER: i32 = -16;
/** A timestamp is out of range, or of a type that a client may not set. */
export const BAD_TIMESTAMP: i32 = -17;
/** A record does not follow its format, or does not end where it says. */
export const BAD_RECORD: i32 = -18;
/** The compressed records do not follow their codec's format. */
export const BAD_COMPRESSION: i32 = -19;
/** More batches than the table that the caller gave has room for. */
export const TOO_MANY_BATCHES: i32 = -20;
/** More records in one batch than the caller's limit. */
export const TOO_MANY_RECORDS: i32 = -21;
/** A search found no entry: an answer, not a fault. */
export const NOT_FOUND: i32 = -22;

/** Text that is to be UTF-8 is not: an answer, not a fault. */
export const NOT_UTF8: i32 = -30;
