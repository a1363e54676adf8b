// Verifies a partition's segments: each copy of each segment is read from its first byte to its last and proved whole
// (segment-check.ts), and the segments must follow one another without a hole. Limited in bytes, reads and time, since an invocation is;
// the cursor that it then answers goes on in the middle of a segment.
//
// Segments are sealed, copied, compacted and expired while this runs. So what looks wrong is looked at once more in a new manifest, and
// only told where the segment is still the one that was checked.

import { decodeCursor, encodeCursor } from "../common/cursor.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_VERIFY_READS } from "../common/limits/verification.ts";
import type { Core } from "../wasm/core.ts";
import type { VerifiedSegment, VerifySegmentsRequest, VerifySegmentsResult } from "./messages/segments.ts";
import type { LogOffsets, PartitionAddress, Ports, ReadFailure, SegmentDescription } from "./ports.ts";
import { beginCheck, type CheckProgress, checkRun, finishCheck } from "./segment-check.ts";
import { archiveSource, copiesOf, localSource, type SegmentCopy } from "./segment-source.ts";
import { addressOf, configOf, type TopicCache, withPartition } from "./topics.ts";

export interface VerifyContext {
  readonly ports: Ports;
  readonly topics: TopicCache;
  readonly core: Core;
  /** ms */
  readonly now: () => number;
}

/** Segments listed at a time. */
const PAGE_SEGMENTS = 100;

/** How often a segment that looks wrong, and changed meanwhile, is checked again. */
const MAX_RECHECKS = 3;

/** Where to go on. */
interface Place {
  /** Where the next segment has to begin, or (at the start) what it has to hold. */
  readonly expectedOffset: number;
  /** In the middle of the segment that begins there. */
  readonly within: Within | null;
}

interface Within {
  readonly copyIndex: number;
  readonly progress: CheckProgress;
  /** Of the segment when this began: one that was compacted since is checked anew. */
  readonly generation: number;
}

export function verifySegments(context: VerifyContext, request: VerifySegmentsRequest): Promise<VerifySegmentsResult | ReadFailure> {
  const { topic: name, partition, cursor } = request;
  const place = cursor === undefined ? null : parseCursor(cursor);
  if (cursor !== undefined && place === null) {
    return Promise.resolve(failure("INVALID_REQUEST", "cursor: it is not one that a verification answered"));
  }
  return withPartition<VerifySegmentsResult>(context.topics, name, partition, async (topic) => {
    const address = addressOf(topic, partition);
    const port = context.ports.partition(topic.topicId, partition);
    const offsets = await port.describe(address);
    if (isFailure(offsets)) return offsets;
    const start = place ?? { expectedOffset: request.fromOffset ?? offsets.logStartOffset, within: null };
    if (place === null && !isWithin(start.expectedOffset, offsets)) return outOfRange(start.expectedOffset, offsets);
    const mayHaveGaps = configOf(topic).cleanupPolicy.includes("compact");
    return new Verification(context, request, address, mayHaveGaps, start).run();
  });
}

class Verification {
  readonly #context: VerifyContext;
  readonly #address: PartitionAddress;
  readonly #mayHaveGaps: boolean;
  readonly #deadlineMs: number;
  readonly #maxBytes: number;
  #segments: VerifiedSegment[] = [];
  #place: Place;
  #bytes = 0;
  #reads = 0;
  #rechecks = 0;

  constructor(context: VerifyContext, request: VerifySegmentsRequest, address: PartitionAddress, mayHaveGaps: boolean, start: Place) {
    this.#context = context;
    this.#address = address;
    this.#mayHaveGaps = mayHaveGaps;
    this.#maxBytes = request.maxBytes;
    this.#deadlineMs = context.now() + request.maxMs;
    this.#place = start;
  }

  async run(): Promise<VerifySegmentsResult | Failure> {
    for (;;) {
      const state = await this.#manifest();
      if (isFailure(state)) return state;
      const { segments, offsets } = state;
      for (const segment of segments) {
        const outcome = await this.#verify(segment, offsets);
        if (outcome === "spent") return this.#result(this.#place);
        if (outcome === "changed") break;
        if (segment.place === "active") return this.#result(null);
      }
      if (segments.length === 0) return this.#result(null);
    }
  }

  #result(next: Place | null): VerifySegmentsResult {
    return {
      ok: this.#segments.every((segment) => segment.failure === undefined),
      segments: this.#segments,
      checkedBytes: this.#bytes,
      nextCursor: next === null ? null : formatCursor(next),
    };
  }

  /** The segments from the place on, and the offsets as they were just before. */
  async #manifest(): Promise<{ readonly offsets: LogOffsets; readonly segments: readonly SegmentDescription[] } | Failure> {
    const port = this.#port();
    const offsets = await port.describe(this.#address);
    if (isFailure(offsets)) return offsets;
    const fromOffset = Math.max(this.#place.expectedOffset, offsets.logStartOffset);
    const listed = await port.segments(this.#address, { fromOffset, limit: PAGE_SEGMENTS });
    this.#reads += 2;
    if (isFailure(listed)) return listed;
    const isGone = fromOffset > this.#place.expectedOffset && listed[0]?.baseOffset !== this.#place.expectedOffset;
    if (isGone) this.#place = { expectedOffset: fromOffset, within: null };
    const isAhead = ({ place, endOffset }: SegmentDescription): boolean =>
      place !== "deleting" && (endOffset > this.#place.expectedOffset || place === "active");
    return { offsets, segments: listed.filter(isAhead) };
  }

  /** Checks what is left of a segment and moves the place on. */
  async #verify(segment: SegmentDescription, offsets: LogOffsets): Promise<"done" | "spent" | "changed"> {
    const { expectedOffset } = this.#place;
    if (segment.baseOffset > expectedOffset) {
      if (await this.#hasChanged(segment, offsets)) return "changed";
      this.#segments.push(hole(expectedOffset, segment.baseOffset));
    }
    const within = this.#resumable(segment);
    const copies = copiesOf(segment);
    for (let copyIndex = within?.copyIndex ?? 0; copyIndex < copies.length; copyIndex++) {
      const copy = copies[copyIndex]!;
      const from = copy === "local" ? Math.max(segment.baseOffset, offsets.logStartOffset) : segment.baseOffset;
      const progress = within?.copyIndex === copyIndex ? within.progress : beginCheck(from);
      const outcome = await this.#checkCopy(segment, copy, copyIndex, progress);
      if (outcome === "spent") return "spent";
      if (outcome !== null && (await this.#hasChanged(segment, offsets))) return "changed";
      this.#segments.push({ ...summary(segment, copy), ...(outcome === null ? {} : { failure: outcome }) });
    }
    this.#place = { expectedOffset: segment.endOffset, within: null };
    return "done";
  }

  #resumable({ baseOffset, generation }: SegmentDescription): Within | null {
    const { expectedOffset, within } = this.#place;
    return within !== null && baseOffset === expectedOffset && generation === within.generation ? within : null;
  }

  /** @returns null where the copy is whole */
  async #checkCopy(
    segment: SegmentDescription,
    copy: SegmentCopy,
    copyIndex: number,
    from: CheckProgress,
  ): Promise<Failure | null | "spent"> {
    const next =
      copy === "archive" ? archiveSource(this.#context.ports.archive, segment) : localSource(this.#port(), this.#address, segment);
    const mayHaveGaps = this.#mayHaveGaps || segment.isCompacted;
    for (let progress = from; ; ) {
      if (this.#isSpent()) {
        this.#place = { expectedOffset: segment.baseOffset, within: { copyIndex, progress, generation: segment.generation } };
        return "spent";
      }
      const run = await next(progress);
      this.#reads += 1;
      if (isFailure(run)) return run;
      if (run.length === 0) return finishCheck(progress, segment, mayHaveGaps);
      this.#bytes += run.length;
      const checked = checkRun(progress, run, { core: this.#context.core, mayHaveGaps });
      if (isFailure(checked)) return checked;
      progress = checked;
    }
  }

  /** A call checks one run at the least, so that a cursor always leads on. */
  #isSpent(): boolean {
    if (this.#bytes === 0 && this.#segments.length === 0) return false;
    return this.#bytes >= this.#maxBytes || this.#reads >= MAX_VERIFY_READS || this.#context.now() >= this.#deadlineMs;
  }

  /** Whether the segment, or what of it is served, is not what was listed: it expired, moved or was compacted. Then it is begun again. */
  async #hasChanged(segment: SegmentDescription, { logStartOffset }: LogOffsets): Promise<boolean> {
    const { baseOffset } = segment;
    if (this.#rechecks >= MAX_RECHECKS) return false;
    const [offsets, listed] = await Promise.all([
      this.#port().describe(this.#address),
      this.#port().segments(this.#address, { fromOffset: baseOffset, limit: 1 }),
    ]);
    if (isFailure(offsets) || isFailure(listed)) return false;
    const now = listed[0];
    const isSameSegment = now?.baseOffset === baseOffset && now.generation === segment.generation;
    const isSame = isSameSegment && now.place === segment.place && now.key === segment.key;
    if (isSame && offsets.logStartOffset === logStartOffset) return false;
    this.#rechecks += 1;
    this.#segments = this.#segments.filter((result) => result.baseOffset !== baseOffset);
    this.#place = { expectedOffset: Math.min(this.#place.expectedOffset, baseOffset), within: null };
    return true;
  }

  #port() {
    return this.#context.ports.partition(this.#address.topicId, this.#address.partition);
  }
}

function summary({ baseOffset, endOffset, sizeBytes, place }: SegmentDescription, copy: SegmentCopy): VerifiedSegment {
  return { baseOffset, endOffset, sizeBytes, place, copy };
}

function hole(baseOffset: number, endOffset: number): VerifiedSegment {
  const detail = `the manifest has no segment with the offsets ${baseOffset} to ${endOffset - 1}`;
  return { baseOffset, endOffset, sizeBytes: 0, place: "missing", copy: null, failure: failure("KAFKA_STORAGE_ERROR", detail) };
}

function isWithin(offset: number, { logStartOffset, highWatermark }: LogOffsets): boolean {
  return offset >= logStartOffset && offset <= highWatermark;
}

function outOfRange(offset: number, offsets: LogOffsets): ReadFailure {
  const { logStartOffset, highWatermark, lastStableOffset, leaderEpoch } = offsets;
  const detail = `offset ${offset} is outside the range ${logStartOffset} to ${highWatermark} of the partition`;
  return { ...failure("OFFSET_OUT_OF_RANGE", detail), offsets: { logStartOffset, highWatermark, lastStableOffset, leaderEpoch } };
}

// expectedOffset, and within a segment: copyIndex fromOffset position crc32c nextOffset generation; separated by points

function formatCursor({ expectedOffset, within }: Place): string {
  if (within === null) return encodeCursor(String(expectedOffset));
  const { fromOffset, position, crc32c, nextOffset } = within.progress;
  return encodeCursor([expectedOffset, within.copyIndex, fromOffset, position, crc32c, nextOffset, within.generation].join("."));
}

/** A cursor that a client made up can only mislead its own verification. */
function parseCursor(cursor: string): Place | null {
  const text = decodeCursor(cursor) ?? "";
  if (!/^\d{1,15}(\.\d{1,15}){6}$|^\d{1,15}$/.test(text)) return null;
  const [expectedOffset, copyIndex, fromOffset, position, crc32c, nextOffset, generation] = text.split(".").map(Number);
  if (copyIndex === undefined) return { expectedOffset: expectedOffset!, within: null };
  const progress = { fromOffset: fromOffset!, position: position!, crc32c: crc32c!, nextOffset: nextOffset! };
  return { expectedOffset: expectedOffset!, within: { copyIndex, progress, generation: generation! } };
}
