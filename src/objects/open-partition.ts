// A partition whose log is open: what it answers to reads and questions, from its own rows or by the archive's indexes.

import type {
  AbortedTransaction,
  ArchivedRead,
  FetchStart,
  IsolationLevel,
  LogOffsets,
  OffsetQuery,
  OffsetResult,
  PartitionDescription,
  ReadFailure,
  ReadRequest,
  ReadResult,
  SegmentDescription,
  SegmentPage,
} from "../broker/ports.ts";
import { readableEnd } from "../broker/readable-end.ts";
import { parseTopicConfigs } from "../common/configs.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_FETCH_BYTES } from "../common/limits/fetch.ts";
import { MAX_ABORTED_PER_READ } from "../common/limits/partition-log.ts";
import { abortedBetween, abortedWithin } from "../log/aborted-transactions.ts";
import { ArchiveReader } from "../log/archive-reader.ts";
import { ArchiveError, type ArchiveStore } from "../log/archive-store.ts";
import { type LogConfig, toLogConfig } from "../log/log-config.ts";
import { DamagedRowError } from "../log/log-reader.ts";
import type { LogState, LogStore } from "../log/log-store.ts";
import { PartitionLog } from "../log/partition-log.ts";
import type { TimestampedOffset } from "../log/record-tools.ts";
import { archivePrefix, type Segment, SegmentPlace } from "../log/segment.ts";
import { indexSearch, recordTools } from "./core.ts";

const PLACE_NAMES = ["active", "local", "both", "archived", "deleting"] as const satisfies readonly (keyof typeof SegmentPlace)[];

const GONE = Symbol("the segment is gone");

export class OpenPartition {
  readonly log: PartitionLog;
  readonly #store: LogStore;
  readonly #archive: ArchiveReader | null;
  #config: LogConfig;

  /**
   * @param abandon told when the log failed to write: this instance is to be dropped
   * @throws DamagedRowError where the end of the log is not what was written
   */
  constructor(store: LogStore, state: LogState, archive: ArchiveStore | null, abandon: (error: unknown) => void) {
    this.#store = store;
    this.#config = configOf(state.configs);
    this.log = new PartitionLog(store, state, recordTools, Date.now, abandon);
    const prefix = archivePrefix(state.topicId, state.partition);
    this.#archive = archive && new ArchiveReader({ archive, prefix, tools: recordTools, search: indexSearch });
  }

  get config(): LogConfig {
    return this.#config;
  }

  setConfigs(topicVersion: number, configs: Readonly<Record<string, string>>): void {
    this.log.setConfigs(topicVersion, configs);
    this.#config = configOf(configs);
  }

  offsets(): LogOffsets {
    const { highWatermark, lastStableOffset, logStartOffset, state } = this.log;
    return { logStartOffset, highWatermark, lastStableOffset, leaderEpoch: state.leaderEpoch };
  }

  describe(): PartitionDescription {
    return { ...this.offsets(), partition: this.log.state.partition, sizeBytes: this.log.sizeBytes };
  }

  async read(request: ReadRequest): Promise<ReadResult | ArchivedRead | ReadFailure> {
    return orStorageError(async () => {
      const { isolation } = request;
      const startOffset = await this.#resolveStart(request.start, isolation);
      const offsets = this.offsets();
      if (startOffset < offsets.logStartOffset || startOffset > offsets.highWatermark) {
        const detail = `offset ${startOffset} is outside the range ${offsets.logStartOffset} to ${offsets.highWatermark} of partition ${request.partition}`;
        return { ...failure("OFFSET_OUT_OF_RANGE", detail), offsets };
      }
      const endOffset = readableEnd(offsets, isolation);
      const maxRecords = request.maxRecords ?? Number.POSITIVE_INFINITY;
      const read = this.log.read(startOffset, { maxBytes: Math.min(request.maxBytes, MAX_FETCH_BYTES), maxRecords, endOffset });
      if (!("segment" in read)) return { ...offsets, startOffset, ...read, ...this.#aborted(startOffset, read.nextOffset, isolation) };
      const { segment } = read;
      const archive = this.#archiveOf(segment);
      // Before the wait: what is aborted must be told as of these bytes, whatever becomes of the segment meanwhile.
      const { readableEndOffset, ...told } = this.#archivedPart(startOffset, Math.min(segment.endOffset, endOffset), isolation);
      const range = await this.#unlessGone(segment, archive.rangeOf(segment, startOffset, startOffset + maxRecords - 1));
      if (range === GONE) return this.read(request);
      const { sizeBytes, endOffset: segmentEndOffset } = segment;
      const archived = { key: archive.key(segment), ...range, sizeBytes, endOffset: segmentEndOffset, readableEndOffset };
      return { ...offsets, startOffset, archived, ...told };
    });
  }

  /** A record that is not decided yet is not found by a reader of committed ones, as in Kafka. */
  async offset(query: OffsetQuery, isolation: IsolationLevel): Promise<OffsetResult | Failure> {
    return orStorageError(async () => {
      const offsets = this.offsets();
      const endOffset = readableEnd(offsets, isolation);
      if (query === "earliest") return { ...offsets, offset: offsets.logStartOffset, timestamp: -1 };
      if (query === "latest") return { ...offsets, offset: endOffset, timestamp: -1 };
      const timestamp = query === "maxTimestamp" ? this.log.maxTimestamp() : query.timestamp;
      const found = timestamp < 0 && query === "maxTimestamp" ? null : await this.#findByTimestamp(timestamp);
      if (found === null || found.offset >= endOffset) return { ...offsets, offset: -1, timestamp: -1 };
      return { ...offsets, ...found };
    });
  }

  segments(page?: SegmentPage): SegmentDescription[] {
    const { highWatermark, activeBytes, activeMaxTimestamp } = this.log;
    return [...this.#manifest(page)].map((segment) => {
      const { baseOffset, generation, createdAtMs, sealedAtMs, crc32c } = segment;
      const isActive = segment.place === SegmentPlace.active;
      return {
        baseOffset,
        endOffset: isActive ? highWatermark : segment.endOffset,
        sizeBytes: isActive ? activeBytes : segment.sizeBytes,
        maxTimestamp: isActive ? activeMaxTimestamp : segment.maxTimestamp,
        place: PLACE_NAMES[segment.place]!,
        createdAtMs,
        sealedAtMs,
        crc32c,
        key: segment.archive === null ? null : (this.#archive?.key(segment) ?? null),
        generation,
        isCompacted: generation > 0,
      };
    });
  }

  *#manifest({ fromOffset, limit }: SegmentPage = { fromOffset: 0, limit: Number.POSITIVE_INFINITY }): Generator<Segment> {
    const first = this.#store.segmentHolding(fromOffset)?.baseOffset ?? 0;
    let left = limit;
    for (const segment of this.#store.segmentsFrom(first)) {
      if (left-- <= 0) return;
      yield segment;
    }
  }

  async #resolveStart(start: FetchStart, isolation: IsolationLevel): Promise<number> {
    if (typeof start === "number") return start;
    const { logStartOffset } = this.log;
    if (start === "earliest") return logStartOffset;
    const found = typeof start === "object" && "timestamp" in start ? await this.#findByTimestamp(start.timestamp) : null;
    const endOffset = readableEnd(this.offsets(), isolation);
    if (typeof start === "object" && "last" in start) return Math.max(logStartOffset, endOffset - start.last);
    return Math.min(found?.offset ?? endOffset, endOffset);
  }

  /** How much of a range in the archive a read may have, so that its aborted transactions can be told. */
  #archivedPart(
    startOffset: number,
    endOffset: number,
    isolation: IsolationLevel,
  ): Pick<ReadResult, "abortedTransactions"> & { readonly readableEndOffset: number } {
    if (isolation === "read_uncommitted") return { readableEndOffset: endOffset };
    const told = abortedWithin(this.#store, startOffset, endOffset, MAX_ABORTED_PER_READ);
    return { readableEndOffset: told.endOffset, abortedTransactions: told.aborted.map(toAborted) };
  }

  /** What a read of this range is to say of aborted transactions. */
  #aborted(startOffset: number, endOffset: number, isolation: IsolationLevel): Pick<ReadResult, "abortedTransactions"> {
    if (isolation === "read_uncommitted") return {};
    const isEmpty = endOffset === startOffset;
    return { abortedTransactions: isEmpty ? [] : abortedBetween(this.#store, startOffset, endOffset).map(toAborted) };
  }

  async #findByTimestamp(timestamp: number): Promise<TimestampedOffset | null> {
    for (let from = this.log.logStartOffset; ; ) {
      const found = this.log.findByTimestamp(timestamp, from);
      if (found === null || !("segment" in found)) return found;
      const { segment } = found;
      const archived = await this.#unlessGone(segment, this.#archiveOf(segment).findByTimestamp(segment, timestamp, from));
      if (archived === GONE) continue;
      if (archived !== null) return archived;
      from = segment.endOffset;
    }
  }

  /** What the archive answers about a segment; GONE where it fails because the segment expired or was compacted meanwhile. */
  async #unlessGone<T>(segment: Segment, answer: Promise<T>): Promise<T | typeof GONE> {
    try {
      return await answer;
    } catch (error) {
      const current = this.#store.segmentHolding(segment.baseOffset);
      const isGone = segment.endOffset <= this.log.logStartOffset || !isSameCopy(current, segment);
      if (error instanceof ArchiveError && isGone) return GONE;
      throw error;
    }
  }

  #archiveOf(segment: Segment): ArchiveReader {
    if (this.#archive === null)
      throw new ArchiveError(`segment ${segment.baseOffset}`, "it is in the archive, and there is no ARCHIVE binding");
    return this.#archive;
  }
}

function toAborted({ producerId, firstOffset, lastOffset }: AbortedTransaction): AbortedTransaction {
  return { producerId, firstOffset, lastOffset };
}

/** Whether the manifest still has the bytes that were looked for, and at the same keys. */
function isSameCopy(current: Segment | null, { baseOffset, generation, archive }: Segment): boolean {
  const isSameSegment = current?.baseOffset === baseOffset && current.generation === generation;
  return isSameSegment && current.archive?.leaderEpoch === archive?.leaderEpoch && current.archive?.attempt === archive?.attempt;
}

async function orStorageError<T>(work: () => Promise<T>): Promise<T | Failure> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ArchiveError || error instanceof DamagedRowError) return failure("KAFKA_STORAGE_ERROR", error.message);
    throw error;
  }
}

function configOf(configs: Readonly<Record<string, string>>): LogConfig {
  const config = parseTopicConfigs(configs);
  if (isFailure(config)) throw new Error(`the stored configs of the topic are not valid: ${config.detail}`);
  return toLogConfig(config);
}
