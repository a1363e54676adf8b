// What a partition has stored, read without any of the log's own code but its formats: every batch and record that the manifest leads
// to, in rows or in the archive. Reading it checks that the manifest, the rows and the objects agree, and that bytes never change under
// a segment's name.

import type { Segment } from "../../src/log/segment.ts";
import { plainCrc32c } from "../../src/record/crc32c.ts";
import { ATTRIBUTE_DELETE_HORIZON, type BatchHeader, batchHeaders, lastOffset } from "../../src/record/record-batch.ts";
import type { MemoryArchiveStore } from "../../src/storage/memory-archive-store.ts";
import type { MemoryLogStore } from "../../src/storage/memory-log-store.ts";
import type { Core } from "../../src/wasm/core.ts";
import { decodeBatches } from "../../src/wasm/record-batches.ts";

export const [ACTIVE, LOCAL, BOTH, ARCHIVED, DELETING] = [0, 1, 2, 3, 4];

export interface StoredRecord {
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
}

export interface StoredBatch {
  readonly header: BatchHeader;
  readonly records: readonly StoredRecord[];
  /** When its tombstones may go (ms), null where it was not compacted with any. */
  readonly deleteHorizonMs: number | null;
}

export interface StoredSegment {
  readonly segment: Segment;
  /** Exclusive; the log's for the active one. */
  readonly endOffset: number;
  readonly batches: readonly StoredBatch[];
}

/** All that can be read of a log at one moment. */
export class StoredLog {
  readonly segments: readonly StoredSegment[];
  readonly batches: readonly StoredBatch[];
  readonly records: ReadonlyMap<number, StoredRecord>;

  constructor(segments: readonly StoredSegment[] = []) {
    this.segments = segments;
    this.batches = segments.flatMap(({ batches }) => batches);
    this.records = new Map(this.batches.flatMap(({ records }) => records).map((record) => [record.offset, record]));
  }

  /** Where segments begin. */
  get boundaries(): number[] {
    return this.segments.map(({ segment }) => segment.baseOffset);
  }

  get activeBaseOffset(): number {
    return this.segments.at(-1)?.segment.baseOffset ?? 0;
  }

  /** Exclusive. */
  get endOffset(): number {
    return this.segments.at(-1)?.endOffset ?? 0;
  }

  recordsBetween(offset: number, endOffset: number): StoredRecord[] {
    return [...this.records.values()].filter((record) => record.offset >= offset && record.offset < endOffset);
  }

  bytesFrom(offset: number): number {
    return this.batches.reduce((sum, { header }) => sum + (header.baseOffset >= offset ? header.sizeBytes : 0), 0);
  }
}

/** Reads stored logs, one after another of the same partition. What was decoded once is remembered. */
export class StoredLogReader {
  readonly #core: Core;
  readonly #decoded = new Map<string, { readonly bytes: Uint8Array; readonly batches: readonly StoredBatch[] }>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** @throws where what is stored contradicts itself */
  read(disk: MemoryLogStore, bucket: MemoryArchiveStore): StoredLog {
    const segments = [...disk.segmentsFrom(0)].filter(({ place }) => place !== DELETING);
    const stored = segments.map((segment) => this.#readSegment(segment, disk, bucket));
    for (const [index, { segment, endOffset }] of stored.entries()) {
      const next = stored[index + 1];
      equal(segment.place === ACTIVE, next === undefined, `segment ${segment.baseOffset} active`);
      if (next !== undefined) equal(endOffset, next.segment.baseOffset, `end of segment ${segment.baseOffset}`);
    }
    return new StoredLog(stored);
  }

  #readSegment(segment: Segment, disk: MemoryLogStore, bucket: MemoryArchiveStore): StoredSegment {
    const { place } = segment;
    const isLocal = place === ACTIVE || place === LOCAL || place === BOTH;
    const rows = isLocal ? this.#readRows(segment, disk) : null;
    const objects = place === BOTH || place === ARCHIVED ? this.#readObjects(segment, bucket) : null;
    const { batches, endOffset } = rows ?? { batches: objects!, endOffset: segment.endOffset };
    if (place !== ACTIVE) this.#checkSealed(segment, batches);
    return { segment, batches, endOffset };
  }

  #checkSealed({ baseOffset, endOffset, sizeBytes, maxTimestamp }: Segment, batches: readonly StoredBatch[]): void {
    const name = `segment ${baseOffset}`;
    const bytes = batches.reduce((sum, { header }) => sum + header.sizeBytes, 0);
    equal(sizeBytes, bytes, `bytes of ${name}`);
    equal(maxTimestamp, latestOf(batches), `largest timestamp of ${name}`);
    let next = baseOffset;
    for (const { header } of batches) {
      if (header.baseOffset < next) throw new Error(`batch ${header.baseOffset} of ${name} begins before ${next}`);
      next = lastOffset(header) + 1;
    }
    if (next > endOffset) throw new Error(`the batches of ${name} end at ${next}, beyond ${endOffset}`);
  }

  #readRows(segment: Segment, disk: MemoryLogStore): { batches: StoredBatch[]; endOffset: number } {
    const { baseOffset, generation } = segment;
    const batches: StoredBatch[] = [];
    let [nextOffset, position, maxTimestamp] = [baseOffset, 0, -1];
    for (const row of disk.rowsFrom(segment, baseOffset)) {
      equal(row.baseOffset, nextOffset, `base offset of a row of segment ${baseOffset}`);
      equal(row.position, position, `position of row ${row.baseOffset}`);
      equal(row.bytes.byteLength, row.sizeBytes, `bytes of row ${row.baseOffset}`);
      const inRow = this.#decode(`${baseOffset}.${generation} at ${position}`, row.bytes);
      maxTimestamp = Math.max(maxTimestamp, latestOf(inRow));
      equal(row.maxTimestamp, maxTimestamp, `largest timestamp up to row ${row.baseOffset}`);
      batches.push(...inRow);
      nextOffset = row.endOffset;
      position += row.sizeBytes;
    }
    const isAsWritten = segment.place !== ACTIVE && generation === 0;
    if (isAsWritten) equal(nextOffset, segment.endOffset, `end of the rows of segment ${baseOffset}`);
    return { batches, endOffset: segment.place === ACTIVE ? nextOffset : segment.endOffset };
  }

  #readObjects(segment: Segment, bucket: MemoryArchiveStore): readonly StoredBatch[] {
    const { leaderEpoch, attempt, indexBytes, timeIndexBytes } = segment.archive!;
    const stem = `topics/t/0/${String(segment.baseOffset).padStart(20, "0")}.${leaderEpoch}.${segment.generation}.${attempt}`;
    equal(bucket.objects.get(`${stem}.index`)?.byteLength, indexBytes, `${stem}.index`);
    equal(bucket.objects.get(`${stem}.timeindex`)?.byteLength, timeIndexBytes, `${stem}.timeindex`);
    const bytes = bucket.objects.get(`${stem}.log`);
    equal(bytes?.byteLength, segment.sizeBytes, `${stem}.log`);
    if (!this.#decoded.has(stem)) equal(plainCrc32c(new Uint8Array(bytes!)), segment.crc32c, `CRC of ${stem}.log`);
    return this.#decode(stem, bytes!);
  }

  #decode(name: string, run: ArrayBuffer): readonly StoredBatch[] {
    const bytes = new Uint8Array(run);
    const known = this.#decoded.get(name);
    if (known !== undefined) {
      equal(Buffer.compare(known.bytes, bytes), 0, `bytes of ${name} are others than before: comparison`);
      return known.batches;
    }
    const batches = readBatches(this.#core, bytes);
    equal(batches.reduce((sum, { header }) => sum + header.sizeBytes, 0), bytes.length, `bytes of whole batches in ${name}`); // biome-ignore format: one check a line
    this.#decoded.set(name, { bytes, batches });
    return batches;
  }
}

/** The batches of a run, their CRCs checked. */
export function readBatches(core: Core, bytes: Uint8Array): StoredBatch[] {
  return [...batchHeaders(bytes)].map((header) => {
    const batch = bytes.subarray(header.position, header.position + header.sizeBytes);
    const records = decodeBatches(core, batch, { maxDecompressedBytes: 1 << 24, checkCrc: true });
    equal(records.length, header.recordCount, `records of batch ${header.baseOffset}`);
    const hasHorizon = (header.attributes & ATTRIBUTE_DELETE_HORIZON) !== 0;
    return {
      header,
      records: records.map(({ offset, key, value, timestamp }) => ({ offset, key: textOf(key), value: textOf(value), timestamp })),
      deleteHorizonMs: hasHorizon ? header.baseTimestamp : null,
    };
  });
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)} where ${String(expected)} is expected`);
}

/** Largest timestamp of the records (ms), -1 without any. */
function latestOf(batches: readonly StoredBatch[]): number {
  return batches.flatMap(({ records }) => records).reduce((latest, { timestamp }) => Math.max(latest, timestamp), -1);
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : new TextDecoder().decode(bytes);
}
