// A partition's segments: how they are listed, and proved whole.

import type { Failure } from "../../common/errors.ts";
import type { LogOffsets, SegmentDescription } from "../ports.ts";

/** A page of a partition's segments. */
export interface ListSegmentsRequest {
  readonly topic: string;
  readonly partition: number;
  readonly limit: number;
  /** As ListSegmentsResult answered it. */
  readonly cursor?: string;
}

export interface ListSegmentsResult {
  readonly offsets: LogOffsets;
  readonly segments: readonly SegmentDescription[];
  /** null on the last page. */
  readonly nextCursor: string | null;
}

export interface VerifySegmentsRequest {
  readonly topic: string;
  readonly partition: number;
  /** Begin with the segment that holds this offset; the first where absent. */
  readonly fromOffset?: number;
  /** Go on where a verification stopped; goes before fromOffset. */
  readonly cursor?: string;
  /** Soft: no further read after this many bytes. */
  readonly maxBytes: number;
  /** Soft: no further read after this time (ms). */
  readonly maxMs: number;
}

/** What became of one copy of a segment. */
export interface VerifiedSegment {
  readonly baseOffset: number;
  /** Exclusive. */
  readonly endOffset: number;
  readonly sizeBytes: number;
  /** `missing`: offsets that no segment has. */
  readonly place: SegmentDescription["place"] | "missing";
  readonly copy: "archive" | "local" | null;
  /** Absent where it is whole. */
  readonly failure?: Failure;
}

export interface VerifySegmentsResult {
  /** No failure among `segments`. */
  readonly ok: boolean;
  /** Copies whose check was finished, in the order of their offsets. */
  readonly segments: readonly VerifiedSegment[];
  readonly checkedBytes: number;
  /** null: everything up to the high watermark was checked. */
  readonly nextCursor: string | null;
}
