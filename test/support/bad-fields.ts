// Values that the header fields of a record batch cannot have, and what each is refused with.

import type { ErrorName } from "../../src/common/errors.ts";
import { POSITION, viewOf } from "../../src/record/record-batch.ts";

type Field = keyof typeof POSITION;
export type BadValue = number | bigint;

/** Bytes of each field. */
export const FIELD_WIDTHS = {
  baseOffset: 8,
  batchLength: 4,
  partitionLeaderEpoch: 4,
  magic: 1,
  crc: 4,
  attributes: 2,
  lastOffsetDelta: 4,
  baseTimestamp: 8,
  maxTimestamp: 8,
  producerId: 8,
  producerEpoch: 2,
  baseSequence: 4,
  recordCount: 4,
} as const satisfies Record<Field, number>;

/** Writes the low bits of a number of any sign. */
export function setField(view: DataView, field: Field, value: BadValue): void {
  const width = FIELD_WIDTHS[field];
  let rest = BigInt.asUintN(8 * width, BigInt(value));
  for (let at = POSITION[field] + width - 1; at >= POSITION[field]; at--) {
    view.setUint8(at, Number(rest & 0xffn));
    rest >>= 8n;
  }
}

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;
const BEYOND_SAFE = [2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 53n) - 1n];

export interface BadField {
  readonly field: Field;
  readonly values: readonly BadValue[];
  readonly error: ErrorName;
}

/** For a batch of five uncompressed records; the producer's fields for one with a producer id. */
export function badFields(batch: Uint8Array): BadField[] {
  const length = viewOf(batch).getInt32(POSITION.batchLength);
  const crc = viewOf(batch).getUint32(POSITION.crc);
  return [
    { field: "baseOffset", values: [-1, -2, ...BEYOND_SAFE, 2n ** 53n - 1n], error: "INVALID_RECORD" },
    { field: "batchLength", values: [INT32_MIN, -1, 0, 48, 49, length - 1, length + 1, INT32_MAX], error: "CORRUPT_MESSAGE" },
    { field: "magic", values: [0, 1, 3, 127, -128, -1], error: "INVALID_RECORD" },
    { field: "crc", values: [0, crc + 1, ~crc, crc ^ 1], error: "CORRUPT_MESSAGE" },
    { field: "attributes", values: [5, 6, 7, 0x10, 0x20, 0x40, 0x80, 0x4000, -0x8000, -1], error: "INVALID_RECORD" },
    { field: "attributes", values: [0x08], error: "INVALID_TIMESTAMP" },
    { field: "attributes", values: [1, 2, 3, 4], error: "CORRUPT_MESSAGE" },
    { field: "lastOffsetDelta", values: [INT32_MIN, -1, 0, 3, 5, INT32_MAX], error: "INVALID_RECORD" },
    { field: "baseTimestamp", values: [-2, ...BEYOND_SAFE], error: "INVALID_TIMESTAMP" },
    { field: "maxTimestamp", values: [-2, ...BEYOND_SAFE], error: "INVALID_TIMESTAMP" },
    { field: "producerId", values: [-2, ...BEYOND_SAFE], error: "INVALID_RECORD" },
    { field: "producerEpoch", values: [-0x8000, -2, -1], error: "INVALID_RECORD" },
    { field: "baseSequence", values: [INT32_MIN, -2, -1], error: "INVALID_RECORD" },
    { field: "recordCount", values: [INT32_MIN, -1, 0, 4, 6, INT32_MAX], error: "INVALID_RECORD" },
  ];
}
