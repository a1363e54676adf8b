// What an export has to say beyond its status: a few fields in static memory, valid until the next call. The host finds them at
// `outcome()`; little endian like everything between the core and the host.
//
//   0 u32 batchIndex    the batch at fault, counted from 0 in its run
//   4 u32 recordIndex   the record at fault, counted from 0 in its batch; NO_RECORD if it is the batch itself
//   8 u32 plainBytes    how many bytes of records were decompressed
//  16 i64 nextOffset    the offset after the last one assigned

const OUTCOME: usize = memory.data(24, 16);

export const NO_RECORD: u32 = 0xffffffff;

/** Address of the outcome fields. */
export function outcome(): usize {
  return OUTCOME;
}

export function clearOutcome(): void {
  memory.fill(OUTCOME, 0, 24);
  setRecordIndex(NO_RECORD);
}

// @ts-ignore: decorator
@inline
export function setBatchIndex(index: u32): void {
  store<u32>(OUTCOME, index);
}

// @ts-ignore: decorator
@inline
export function setRecordIndex(index: u32): void {
  store<u32>(OUTCOME, index, 4);
}

// @ts-ignore: decorator
@inline
export function setPlainBytes(bytes: u32): void {
  store<u32>(OUTCOME, bytes, 8);
}

// @ts-ignore: decorator
@inline
export function setNextOffset(offset: i64): void {
  store<i64>(OUTCOME, offset, 16);
}
