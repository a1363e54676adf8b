// Reads a subscription's attempts out of their topic, the newest first. They are in one partition (its name is their key), among those of
// other subscriptions: pages are cut where enough were found or enough was looked at, and the cursor is the offset to go on below.

import { decodeCursor, encodeCursor } from "../common/cursor.ts";
import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_DECODED_BYTES, MAX_FETCH_BYTES } from "../common/limits/fetch.ts";
import type { RecordCodec } from "../record/codec.ts";
import { type Attempt, DELIVERIES_TOPIC } from "../subscription/attempt-log.ts";
import { isPulledFrom } from "../subscription/pull-config.ts";
import { readPartition } from "./fetch.ts";
import type { DeliveriesPage, DeliveriesRequest, LoggedAttempt } from "./messages/subscriptions.ts";
import { choosePartition } from "./partitioner.ts";
import { isPulled } from "./ports/subscription.ts";
import type { Ports } from "./ports.ts";
import type { TopicCache } from "./topics.ts";

/** Offsets that one read looks at, and those that one page does. */
const OFFSETS_PER_READ = 2_000;
const OFFSETS_PER_PAGE = 20_000;

export async function readDeliveries(
  ports: Ports,
  topics: TopicCache,
  codec: RecordCodec,
  { name, limit, cursor }: DeliveriesRequest,
): Promise<DeliveriesPage | Failure> {
  const status = await ports.subscription(name).status();
  if (isFailure(status)) return status;
  if (isPulled(status)) return isPulledFrom(name, "its share group's dead letters and counters tell what became of its records");
  const topic = await topics.topic(DELIVERIES_TOPIC);
  const below = cursor === undefined ? Number.POSITIVE_INFINITY : Number(decodeCursor(cursor) ?? Number.NaN);
  if (Number.isNaN(below)) return failure("INVALID_REQUEST", "the cursor is none that this listing gave out");
  if (topic === null) return { deliveries: [], nextCursor: null };

  const partition = choosePartition({ key: name, value: null }, topic.partitionCount, 0);
  const deliveries: FoundAttempt[] = [];
  let seen = 0;
  let end = below;
  for (;;) {
    const page = await readBelow(ports, topics, codec, { partition, end });
    if (isFailure(page)) return page;
    const own = page.attempts.filter(({ subscription }) => subscription === name).reverse();
    const wanted = own.slice(0, limit - deliveries.length);
    deliveries.push(...wanted);
    seen += OFFSETS_PER_READ;
    end = wanted.length < own.length ? wanted.at(-1)!.offset : page.from;
    if (page.isFirst && wanted.length === own.length) return { deliveries: deliveries.map(toLogged), nextCursor: null };
    if (deliveries.length >= limit || seen >= OFFSETS_PER_PAGE)
      return { deliveries: deliveries.map(toLogged), nextCursor: encodeCursor(String(end)) };
  }
}

interface FoundAttempt extends LoggedAttempt {
  readonly offset: number;
}

interface Page {
  /** In the order of their offsets. */
  readonly attempts: readonly FoundAttempt[];
  readonly from: number;
  /** There is nothing below. */
  readonly isFirst: boolean;
}

async function readBelow(
  ports: Ports,
  topics: TopicCache,
  codec: RecordCodec,
  { partition, end }: { readonly partition: number; readonly end: number },
): Promise<Page | Failure> {
  const read = { topic: DELIVERIES_TOPIC, partition, maxBytes: MAX_FETCH_BYTES, isolation: "read_committed" as const };
  const attempts: FoundAttempt[] = [];
  const first = await readPartition(ports, topics, {
    ...read,
    start: end === Number.POSITIVE_INFINITY ? { last: OFFSETS_PER_READ } : Math.max(0, end - OFFSETS_PER_READ),
  });
  if (isFailure(first)) return isBelowStart(first) ? { attempts: [], from: end, isFirst: true } : first;
  const from = first.startOffset;
  let result = first;
  while (result.batches.byteLength > 0 && result.startOffset < end) {
    const limits = { maxRecords: OFFSETS_PER_READ, maxBytes: MAX_DECODED_BYTES };
    const decoded = codec.decode(new Uint8Array(result.batches), result.startOffset, limits);
    if (isFailure(decoded)) return decoded;
    for (const { offset, timestamp, value } of decoded.records) {
      if (offset < end && value !== null) attempts.push({ ...(parseAttempt(value) as Attempt), offset, timestamp });
    }
    const next = await readPartition(ports, topics, { ...read, start: decoded.nextOffset });
    if (isFailure(next)) return next;
    result = next;
  }
  return { attempts, from, isFirst: from <= first.logStartOffset };
}

function isBelowStart(failed: Failure): boolean {
  return failed.error === "OFFSET_OUT_OF_RANGE";
}

/** Anybody may write to the topic: what is no attempt is nobody's. */
function parseAttempt(value: Uint8Array): Partial<Attempt> {
  try {
    return JSON.parse(new TextDecoder().decode(value)) as Partial<Attempt>;
  } catch {
    return {};
  }
}

function toLogged({ offset: _offset, ...attempt }: FoundAttempt): LoggedAttempt {
  return attempt;
}
