// What the core's last call left besides its status (assembly/outcome.ts draws the fields). Read it before the next call.

import { readInt64 } from "../record/int64.ts";
import type { Core } from "./core.ts";

const NO_RECORD = 0xffffffff;

export interface FaultPlace {
  /** Of the batch in its run. */
  readonly batchIndex: number;
  /** Of the record in its batch; absent if the batch itself is at fault. */
  readonly recordIndex?: number;
}

export function faultPlace(core: Core): FaultPlace {
  const at = core.exports.outcome();
  const batchIndex = core.view.getUint32(at, true);
  const recordIndex = core.view.getUint32(at + 4, true);
  return recordIndex === NO_RECORD ? { batchIndex } : { batchIndex, recordIndex };
}

/** How many bytes of records were decompressed. */
export function plainBytes(core: Core): number {
  return core.view.getUint32(core.exports.outcome() + 8, true);
}

/** The offset after the last one that a patch assigned. */
export function nextOffset(core: Core): number {
  return readInt64(core.view, core.exports.outcome() + 16, true);
}
