// Which bytes of an object a get answers with.

import { ArchiveError } from "./errors.ts";
import type { RequestedRange } from "./protocol.ts";

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** A range that reaches past the end is cut there. Throws InvalidRange for one that holds no byte. */
export function resolveRange(requested: RequestedRange | null, size: number): ByteRange {
  if (requested === null) return { offset: 0, length: size };
  const { suffix } = requested;
  const offset = suffix === undefined ? (requested.offset ?? 0) : Math.max(0, size - suffix);
  const length = Math.min(suffix ?? requested.length ?? Number.POSITIVE_INFINITY, size - offset);
  if (!(length > 0)) throw new ArchiveError("InvalidRange");
  return { offset, length };
}
