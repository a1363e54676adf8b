// Sets of offsets as ranges, in ascending order and apart from each other: how a subscription remembers what it still owes, and names
// what a call carries. Exclusive at the end; an open range ends at Infinity.

export interface OffsetRange {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** The ranges of offsets that come in ascending order. */
export function rangesOf(offsets: Iterable<number>): OffsetRange[] {
  const ranges: { from: number; to: number }[] = [];
  let last: { from: number; to: number } | undefined;
  for (const offset of offsets) {
    if (last !== undefined && last.to === offset) last.to += 1;
    else {
      last = { from: offset, to: offset + 1 };
      ranges.push(last);
    }
  }
  return ranges;
}

export function countOf(ranges: readonly OffsetRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** `0-4,7`, inclusive at both ends: how the world writes offsets. */
export function formatRanges(ranges: readonly OffsetRange[]): string {
  return ranges.map(({ from, to }) => (to === from + 1 ? `${from}` : `${from}-${to - 1}`)).join(",");
}

/** The parts of the ranges below an offset. */
export function rangesBelow(ranges: readonly OffsetRange[], end: number): OffsetRange[] {
  return ranges.flatMap(({ from, to }) => (from < end ? { from, to: Math.min(to, end) } : []));
}

export function contains(ranges: readonly OffsetRange[], offset: number): boolean {
  return ranges.some(({ from, to }) => from <= offset && offset < to);
}
