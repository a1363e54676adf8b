// How far a reader may read: everything that is durable, or what is decided.

import type { IsolationLevel, LogOffsets } from "./ports.ts";

/** Exclusive: the high watermark, or the last stable offset. */
export function readableEnd({ highWatermark, lastStableOffset }: LogOffsets, isolation: IsolationLevel): number {
  return isolation === "read_committed" ? lastStableOffset : highWatermark;
}
