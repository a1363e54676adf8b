// The largest timestamps of a partition's sealed segments, for lookups by time. The manifest has no index by timestamp, which would be a
// row more to write for each change of a segment, and a search without one looks at every segment before the one that it finds. So the
// two numbers of each segment are read once, kept until the manifest changes, and bisected by the largest timestamp so far, which never
// falls from segment to segment though the segments' own may.

export interface SegmentTime {
  readonly baseOffset: number;
  /** ms, -1 without records */
  readonly maxTimestamp: number;
}

export class SegmentTimes {
  readonly #segments: readonly SegmentTime[];
  /** At each place: the largest timestamp of the segments up to it (ms). */
  readonly #largestSoFar: Float64Array;

  /** @param segments in the order of their base offsets */
  constructor(segments: readonly SegmentTime[]) {
    this.#segments = segments;
    this.#largestSoFar = new Float64Array(segments.length);
    let largest = -1;
    for (const [place, { maxTimestamp }] of segments.entries()) {
      largest = Math.max(largest, maxTimestamp);
      this.#largestSoFar[place] = largest;
    }
  }

  /** The base offset of the first segment from `fromBaseOffset` on whose largest timestamp is at or above `timestamp` (ms). */
  firstAtOrAbove(timestamp: number, fromBaseOffset: number): number | null {
    const from = firstPlace(this.#segments.length, (place) => this.#segments[place]!.baseOffset >= fromBaseOffset);
    let place = Math.max(
      from,
      firstPlace(this.#segments.length, (at) => this.#largestSoFar[at]! >= timestamp),
    );
    // A segment before `from` may have the largest so far: then those behind have to be looked at one by one.
    while (place < this.#segments.length && this.#segments[place]!.maxTimestamp < timestamp) place += 1;
    return this.#segments[place]?.baseOffset ?? null;
  }
}

/** The first of `count` places at which a condition holds that holds at all behind it too; `count` where there is none. */
function firstPlace(count: number, holds: (place: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
