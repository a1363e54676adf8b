// The log as a share group's edge reads it: what comes next, with the hash of each key, and the records that were handed out.

import { type Failure, isFailure } from "../common/errors.ts";
import { MAX_DECODED_BYTES, MAX_FETCH_RECORDS } from "../common/limits/fetch.ts";
import { SHARE_LOAD_BYTES } from "../common/limits/share-groups.ts";
import { murmur2 } from "../common/murmur2.ts";
import type { DecodedRecord, RecordCodec } from "../record/codec.ts";
import { contentBytes } from "../wasm/record-table.ts";
import { readPartition } from "./fetch.ts";
import type { LoadedRecords, Ports, ShareLoad, SharePartitionAddress } from "./ports.ts";
import { readableEnd } from "./readable-end.ts";
import { delaysOf, selectRecords } from "./share-filter.ts";
import type { SharedRecords } from "./shared-records.ts";
import type { TopicCache } from "./topics.ts";

export interface ShareReadContext {
  readonly ports: Ports;
  readonly topics: TopicCache;
  readonly codec: RecordCodec;
  readonly sharedRecords: SharedRecords;
}

/** Looks at the log from an offset on. What retention has taken is passed over, and what the group's filter does not want. */
export async function loadRecords(
  context: ShareReadContext,
  address: SharePartitionAddress,
  load: ShareLoad,
): Promise<LoadedRecords | Failure> {
  const { fromOffset, maxRecords, settingsVersion } = load;
  const { isolation } = address.settings;
  const result = await readFrom(context, address, fromOffset, maxRecords);
  if (isFailure(result)) {
    const { offsets } = result;
    if (result.error !== "OFFSET_OUT_OF_RANGE" || offsets === undefined || fromOffset >= offsets.logStartOffset) return result;
    const { logStartOffset } = offsets;
    const readableEndOffset = readableEnd(offsets, isolation);
    return { fromOffset, settingsVersion, nextOffset: logStartOffset, readableEndOffset, logStartOffset, ...NO_RECORDS };
  }
  const decoded = decode(context, address, result, fromOffset, maxRecords);
  if (isFailure(decoded)) return decoded;
  const { records: found, nextOffset } = decoded;
  const records = selectRecords(load, found, address);
  if (isFailure(records)) return records;
  const delays = delaysOf(load, records);
  return {
    fromOffset,
    settingsVersion,
    nextOffset,
    readableEndOffset: readableEnd(result, isolation),
    logStartOffset: result.logStartOffset,
    offsets: records.map(({ offset }) => offset),
    keyHashes: records.map(({ key }) => (key === null ? null : murmur2(key))),
    sizes: records.map(contentBytes),
    ...(delays === undefined ? {} : { notBeforeMs: delays }),
  };
}

/** The records at these offsets, ascending; those that the log does not have any more are missing. */
export async function readOffsets(
  context: ShareReadContext,
  address: SharePartitionAddress,
  offsets: readonly number[],
): Promise<ReadonlyMap<number, DecodedRecord> | Failure> {
  const found = new Map<number, DecodedRecord>();
  const place = placeOf(address);
  const lastOffset = offsets.at(-1) ?? -1;
  let passedOffset = -1; // everything up to here was looked for
  for (const offset of offsets) {
    const known = found.get(offset) ?? context.sharedRecords.get(place, offset);
    if (known !== undefined) found.set(offset, known);
    if (known !== undefined || offset <= passedOffset) continue;
    const result = await readFrom(context, address, offset, Math.min(lastOffset - offset + 1, MAX_FETCH_RECORDS));
    if (isFailure(result)) {
      if (result.error === "OFFSET_OUT_OF_RANGE") continue;
      return result;
    }
    const decoded = decode(context, address, result, offset, Math.min(lastOffset - offset + 1, MAX_FETCH_RECORDS));
    if (isFailure(decoded)) return decoded;
    for (const record of decoded.records) found.set(record.offset, record);
    passedOffset = decoded.nextOffset - 1;
  }
  return found;
}

const NO_RECORDS = { offsets: [], keyHashes: [], sizes: [] };

function readFrom({ ports, topics }: ShareReadContext, address: SharePartitionAddress, start: number, maxRecords: number) {
  const { topic, topicId, partition, settings } = address;
  return readPartition(ports, topics, {
    ...{ topic, topicId, partition, start, maxRecords },
    maxBytes: SHARE_LOAD_BYTES,
    isolation: settings.isolation,
  });
}

function decode(
  { codec, sharedRecords }: ShareReadContext,
  address: SharePartitionAddress,
  result: Exclude<Awaited<ReturnType<typeof readFrom>>, Failure>,
  fromOffset: number,
  maxRecords: number,
) {
  if (result.batches.byteLength === 0) return { records: [], nextOffset: result.nextOffset };
  const limits = { maxRecords, maxBytes: MAX_DECODED_BYTES };
  const decoded = codec.decode(new Uint8Array(result.batches), fromOffset, limits, result.abortedTransactions);
  if (!isFailure(decoded)) sharedRecords.put(placeOf(address), decoded.records, decoded.bytes);
  return decoded;
}

function placeOf({ topicId, partition }: SharePartitionAddress): string {
  return `${topicId}/${partition}`;
}
