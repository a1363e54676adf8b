// Reads parts of partitions through the SDK's consumer, side by side, until each has come to its end, or the signal says so.
//
// A part may end without a record at its end: compaction leaves holes, and a transaction's marker is nobody's record. So it is the position
// of the consumer that tells, and where no page brings news of it, it is looked at now and then.

import { setTimeout as sleep } from "node:timers/promises";
import type { Isolation } from "../../sdk/admin/topic-admin.ts";
import { Consumer } from "../../sdk/consumer/consumer.ts";
import { NODE_CODECS } from "../compression.ts";
import type { StoredRecord } from "../records/record.ts";
import type { Session } from "../session.ts";
import type { Range } from "./ranges.ts";

const LOOK_MS = 50;

/** Fetches of this size bring the batches as they are stored, and a terminal is slower than any of them. */
const FETCH_BYTES = 4 * 1024 * 1024;

/** Pages of records, each of one partition, in its order. */
export async function* readRanges(
  { client }: Pick<Session, "client">,
  ranges: readonly Range[],
  { signal, isolation = "read_committed" }: { readonly signal: AbortSignal; readonly isolation?: Isolation },
): AsyncGenerator<readonly StoredRecord[]> {
  const open = new Set(ranges.filter(({ start, end }) => end === null || start < end));
  if (open.size === 0 || signal.aborted) return;
  const ends = new Map([...open].map((range) => [`${range.topic}/${range.partition}`, range.end ?? Number.POSITIVE_INFINITY]));
  const consumer = new Consumer(client, { isolation, codecs: NODE_CODECS, autoOffsetReset: "earliest", maxBytes: FETCH_BYTES });
  await consumer.assign([...open].map(({ topic, partition, start }) => ({ topic, partition, offset: start })));
  const pages = consumer.batches();
  const stop = stopper(signal);
  try {
    let next = pages.next();
    for (;;) {
      const page = await Promise.race([next, stop.promise, isBounded(open) ? sleep(LOOK_MS, "look" as const) : stop.promise]);
      if (page === "stop") return;
      if (page !== "look") {
        if (page.done) return;
        const within = page.value.filter(({ topic, partition, offset }) => offset < ends.get(`${topic}/${partition}`)!);
        if (within.length > 0) yield within;
        next = pages.next();
      }
      closeThoseAtTheirEnd(consumer, open);
      if (open.size === 0) return;
    }
  } finally {
    stop.release();
    await consumer.close();
  }
}

function closeThoseAtTheirEnd(consumer: Consumer, open: Set<Range>): void {
  for (const range of open) {
    const position = consumer.position(range);
    if (range.end === null || position === null || position < range.end) continue;
    consumer.pause([range]);
    open.delete(range);
  }
}

function isBounded(open: ReadonlySet<Range>): boolean {
  return [...open].some(({ end }) => end !== null);
}

/** "stop" once the signal is aborted. */
export function stopper(signal: AbortSignal): { readonly promise: Promise<"stop">; release(): void } {
  const { promise, resolve } = Promise.withResolvers<"stop">();
  const onAbort = (): void => resolve("stop");
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return { promise, release: () => signal.removeEventListener("abort", onAbort) };
}
