// One partition's log in memory: batches as they were appended, with the offsets that they were given.

import type { FetchStart, OffsetQuery, OffsetResult, ReadFailure, ReadResult, SegmentDescription } from "../../src/broker/ports.ts";
import { concatBytes } from "../../src/common/bytes.ts";
import { type Failure, failure } from "../../src/common/errors.ts";
import { NO_LIMITS, plainCodec, splitBatches, withBaseOffset } from "./plain-batches.ts";

const LEADER_EPOCH = 1;

export class MemoryPartition {
  private batches: { readonly baseOffset: number; readonly nextOffset: number; readonly bytes: Uint8Array }[] = [];
  private readonly waiting = new Set<() => void>();
  logStartOffset = 0;
  highWatermark = 0;
  /** While set, every append is refused with it. */
  refusal: Failure | undefined;
  /** While set, a verification finds it. */
  damage: Failure | undefined;

  get offsets() {
    const { logStartOffset, highWatermark } = this;
    return { logStartOffset, highWatermark, lastStableOffset: highWatermark, leaderEpoch: LEADER_EPOCH };
  }

  get sizeBytes(): number {
    return this.batches.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  append(run: Uint8Array): { readonly baseOffset: number; readonly count: number } | Failure {
    if (this.refusal !== undefined) return this.refusal;
    const baseOffset = this.highWatermark;
    for (const { bytes, recordCount } of splitBatches(run)) {
      const first = this.highWatermark;
      this.highWatermark += recordCount;
      this.batches.push({ baseOffset: first, nextOffset: this.highWatermark, bytes: withBaseOffset(bytes, first) });
    }
    this.wake();
    return { baseOffset, count: this.highWatermark - baseOffset };
  }

  /** All of it: nothing is ever sealed here. */
  get segment(): SegmentDescription {
    const baseOffset = this.batches[0]?.baseOffset ?? this.highWatermark;
    const maxTimestamp = Math.max(-1, ...this.records().map(({ timestamp }) => timestamp));
    const times = { maxTimestamp, createdAtMs: 0, sealedAtMs: -1 };
    const place = { place: "active", crc32c: null, key: null, generation: 0, isCompacted: false } as const;
    return { baseOffset, endOffset: this.highWatermark, sizeBytes: this.sizeBytes, ...times, ...place };
  }

  truncate(beforeOffset: number): void {
    this.logStartOffset = beforeOffset;
    this.batches = this.batches.filter(({ nextOffset }) => nextOffset > beforeOffset);
  }

  read(start: FetchStart, maxBytes: number): ReadResult | ReadFailure {
    const startOffset = this.resolve(start);
    if (startOffset < this.logStartOffset || startOffset > this.highWatermark) {
      const detail = `Offset ${startOffset} is not between ${this.logStartOffset} and ${this.highWatermark}.`;
      return { ...failure("OFFSET_OUT_OF_RANGE", detail), offsets: this.offsets };
    }
    const taken: Uint8Array[] = [];
    let size = 0;
    let nextOffset = startOffset;
    for (const batch of this.batches) {
      if (batch.nextOffset <= startOffset) continue;
      if (taken.length > 0 && size + batch.bytes.length > maxBytes) break;
      taken.push(batch.bytes);
      size += batch.bytes.length;
      nextOffset = batch.nextOffset;
    }
    return { ...this.offsets, startOffset, nextOffset, batches: concatBytes(taken).slice().buffer as ArrayBuffer };
  }

  offset(query: OffsetQuery): OffsetResult {
    if (query === "earliest" || query === "latest") return { ...this.offsets, offset: this.resolve(query), timestamp: -1 };
    const records = this.records();
    const found =
      query === "maxTimestamp"
        ? records.reduce<(typeof records)[number] | undefined>((max, one) => (max && max.timestamp >= one.timestamp ? max : one), undefined)
        : records.find(({ timestamp }) => timestamp >= query.timestamp);
    return { ...this.offsets, offset: found?.offset ?? -1, timestamp: found?.timestamp ?? -1 };
  }

  /** Resolves at the next append, or when the time is over. */
  async changed(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = Number.isFinite(timeoutMs) ? setTimeout(resolve, timeoutMs) : undefined;
    this.waiting.add(resolve);
    signal?.addEventListener("abort", () => resolve());
    if (signal?.aborted) resolve();
    await promise;
    this.waiting.delete(resolve);
    if (timer !== undefined) clearTimeout(timer);
  }

  wake(): void {
    for (const resolve of this.waiting) resolve();
  }

  private records() {
    return this.batches.flatMap(
      ({ bytes, baseOffset }) => plainCodec.decode(bytes, Math.max(baseOffset, this.logStartOffset), NO_LIMITS).records,
    );
  }

  private resolve(start: FetchStart): number {
    if (typeof start === "number") return start;
    if (start === "earliest") return this.logStartOffset;
    if (start === "latest") return this.highWatermark;
    if ("last" in start) return Math.max(this.highWatermark - start.last, this.logStartOffset);
    return this.records().find(({ timestamp }) => timestamp >= start.timestamp)?.offset ?? this.highWatermark;
  }
}
