// The core's statuses (assembly/status.ts has the same numbers; never renumber), what they mean to a client, and the error for the
// calls whose input should never have been bad.

import { type ErrorName, type Failure, failure } from "../common/errors.ts";

export const CORRUPT = -1;
export const OUTPUT_LIMIT = -2;
export const UNSUPPORTED = -3;
export const CHECKSUM_MISMATCH = -4;
export const MEMORY_LIMIT = -5;
export const BAD_MAGIC = -10;
export const BAD_LENGTH = -11;
export const BAD_CRC = -12;
export const BAD_ATTRIBUTES = -13;
export const BAD_COUNT = -14;
export const BAD_OFFSET = -15;
export const BAD_PRODUCER = -16;
export const BAD_TIMESTAMP = -17;
export const BAD_RECORD = -18;
export const BAD_COMPRESSION = -19;
export const TOO_MANY_BATCHES = -20;
export const TOO_MANY_RECORDS = -21;
export const NOT_FOUND = -22;
export const NOT_UTF8 = -30;

type StatusRow = readonly [name: string, error: ErrorName, message: string];

const STATUSES = {
  [CORRUPT]: ["CORRUPT", "CORRUPT_MESSAGE", "The data does not follow its format."],
  [OUTPUT_LIMIT]: ["OUTPUT_LIMIT", "MESSAGE_TOO_LARGE", "The data would be larger than the limit."],
  [UNSUPPORTED]: ["UNSUPPORTED", "UNSUPPORTED_COMPRESSION_TYPE", "The data uses a feature that is not supported."],
  [CHECKSUM_MISMATCH]: ["CHECKSUM_MISMATCH", "CORRUPT_MESSAGE", "A checksum inside the compressed data does not match."],
  [MEMORY_LIMIT]: ["MEMORY_LIMIT", "MESSAGE_TOO_LARGE", "The data does not fit in memory."],
  [BAD_MAGIC]: ["BAD_MAGIC", "INVALID_RECORD", "A batch is not of message format v2."],
  [BAD_LENGTH]: ["BAD_LENGTH", "CORRUPT_MESSAGE", "A batch is cut short, or bytes trail it."],
  [BAD_CRC]: ["BAD_CRC", "CORRUPT_MESSAGE", "The CRC of a batch does not match its content."],
  [BAD_ATTRIBUTES]: ["BAD_ATTRIBUTES", "INVALID_RECORD", "The attributes of a batch have bits that are not allowed."],
  [BAD_COUNT]: ["BAD_COUNT", "INVALID_RECORD", "The record count of a batch does not fit its offsets."],
  [BAD_OFFSET]: ["BAD_OFFSET", "INVALID_RECORD", "The offsets in a batch are not in order or out of range."],
  [BAD_PRODUCER]: ["BAD_PRODUCER", "INVALID_RECORD", "Producer id, epoch or sequence of a batch is not valid."],
  [BAD_TIMESTAMP]: ["BAD_TIMESTAMP", "INVALID_TIMESTAMP", "A timestamp in a batch is not valid."],
  [BAD_RECORD]: ["BAD_RECORD", "INVALID_RECORD", "A record in a batch is malformed."],
  [BAD_COMPRESSION]: ["BAD_COMPRESSION", "CORRUPT_MESSAGE", "The records of a batch cannot be decompressed."],
  [TOO_MANY_BATCHES]: ["TOO_MANY_BATCHES", "RECORD_LIST_TOO_LARGE", "There are more batches than are allowed at once."],
  [TOO_MANY_RECORDS]: ["TOO_MANY_RECORDS", "RECORD_LIST_TOO_LARGE", "A batch has more records than are allowed."],
  [NOT_FOUND]: ["NOT_FOUND", "UNKNOWN_SERVER_ERROR", "Nothing was found."],
  [NOT_UTF8]: ["NOT_UTF8", "UNKNOWN_SERVER_ERROR", "The text is not UTF-8."],
} as const satisfies Record<number, StatusRow>;

export type Status = keyof typeof STATUSES;
export type StatusName = (typeof STATUSES)[Status][0];

function row(status: number): StatusRow {
  return (STATUSES as Record<number, StatusRow>)[status] ?? [`STATUS_${status}`, "UNKNOWN_SERVER_ERROR", `The core answered ${status}.`];
}

/** The name of a negative status. */
export function statusName(status: number): StatusName {
  return row(status)[0] as StatusName;
}

/** What a client is told when its data met `status`. */
export function statusFailure(status: number): Failure {
  const [, error, message] = row(status);
  return failure(error, message);
}

/** The core refused data that was checked before (stored batches), or that this side made. */
export class CoreError extends Error {
  readonly status: number;

  constructor(status: number, detail = "") {
    super(`${statusName(status)}: ${row(status)[2]}${detail && ` (${detail})`}`);
    this.name = "CoreError";
    this.status = status;
  }
}
