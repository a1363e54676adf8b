// A frame's segments on their way out: how they are joined and cut for what carries them.

import { concatBytes } from "../../common/bytes.ts";

/** Small segments of a frame are sent as one. */
const JOIN_BYTES = 16 * 1024;

/** Neighbouring small segments in one array; large ones as they are. */
export function* joinSmall(segments: readonly Uint8Array[]): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  for (const segment of segments) {
    if (segment.length < JOIN_BYTES) {
      small.push(segment);
      continue;
    }
    if (small.length > 0) yield concatBytes(small);
    small = [];
    yield segment;
  }
  if (small.length > 0) yield concatBytes(small);
}

/** The segment in pieces of at most `maxBytes`. */
export function* cut(segment: Uint8Array, maxBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < segment.length; at += maxBytes) yield segment.subarray(at, at + maxBytes);
}
