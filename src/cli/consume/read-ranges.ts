// Reads parts of partitions through the SDK's consumer, side by side, until each has come to its end, or the signal says so.
//
// A part may end without a record at its end: compaction leaves holes, and a transaction's marker is nobody's record. So it is the position
// of the consumer that tells, and where no page brings news of it, it is looked at now and then.

import type { Isolation } from "../../sdk/admin/topic-admin.ts";
import { ChangeSignal } from "../../sdk/change-signal.ts";
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
  const changed = new ChangeSignal();
  const pages = new Arrivals(consumer.batches(), changed);
  const wake = (): void => changed.notify();
  const looking = isBounded(open) ? setInterval(wake, LOOK_MS) : undefined;
  signal.addEventListener("abort", wake, { once: true });
  try {
    pages.ask();
    while (!signal.aborted) {
      const page = pages.take();
      if (page?.done) return;
      if (page !== null) {
        const within = page.value.filter(({ topic, partition, offset }) => offset < ends.get(`${topic}/${partition}`)!);
        if (within.length > 0) yield within;
        pages.ask();
      }
      closeThoseAtTheirEnd(consumer, open);
      if (open.size === 0) return;
      if (page === null) await changed.wait();
    }
  } finally {
    clearInterval(looking);
    signal.removeEventListener("abort", wake);
    await consumer.close();
  }
}

/** One page after the other, looked for and not waited for. Not by Promise.race: what is long in coming would remember all that came before. */
class Arrivals<Page> {
  readonly #pages: AsyncIterator<Page>;
  readonly #changed: ChangeSignal;
  #arrived: IteratorResult<Page> | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(pages: AsyncIterator<Page>, changed: ChangeSignal) {
    this.#pages = pages;
    this.#changed = changed;
  }

  ask(): void {
    this.#pages.next().then(
      (arrived) => {
        this.#arrived = arrived;
        this.#changed.notify();
      },
      (error: unknown) => {
        this.#failure = { error };
        this.#changed.notify();
      },
    );
  }

  /** The page that was asked for; null while it has not come. @throws what went wrong with it */
  take(): IteratorResult<Page> | null {
    if (this.#failure !== null) throw this.#failure.error;
    const arrived = this.#arrived;
    this.#arrived = null;
    return arrived;
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
