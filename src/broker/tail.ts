// Live tails: read, hand on, wait for more, for ever. Every partition has one read under way at most, and is read again only when
// what it gave was taken, so a slow client slows its own tail and nothing else.

import { isFailure } from "../common/errors.ts";
import { readPartition, watchPartition } from "./fetch.ts";
import type { TailRequest, TailStep } from "./messages/fetch.ts";
import type { FetchStart, PartitionWatch, Ports } from "./ports.ts";
import { readableEnd } from "./readable-end.ts";
import { findTopic, type TopicCache } from "./topics.ts";

/** A watch that says nothing for so long is trusted no more, and the partition is read once more (ms). */
const RECHECK_MS = 60_000;

/** Pause before another try where a watch cannot be opened (ms). */
const REOPEN_DELAY_MS = 250;

/**
 * The steps of all partitions as they come. The first step of a partition tells where it starts, even when it holds nothing yet.
 * A failure ends its partition.
 */
export async function* tail(ports: Ports, topics: TopicCache, request: TailRequest): AsyncGenerator<TailStep> {
  const topic = await findTopic(topics, request.topic);
  if (isFailure(topic)) {
    yield { partition: -1, result: topic };
    return;
  }
  const partitions =
    request.partitions ?? Array.from({ length: topic.partitionCount }, (_, partition) => ({ partition, start: request.start }));
  yield* merge(partitions.map(({ partition, start }) => tailPartition(ports, topics, request, partition, start)));
}

async function* tailPartition(
  ports: Ports,
  topics: TopicCache,
  request: TailRequest,
  partition: number,
  from: FetchStart,
): AsyncGenerator<TailStep> {
  const { topic, maxBytes, isolation, signal } = request;
  let watch: PartitionWatch | null = null;
  const endWatch = (): void => watch?.close();
  signal.addEventListener("abort", endWatch);
  try {
    let start = from;
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const result = await readPartition(ports, topics, { topic, partition, start, maxBytes, isolation });
      if (isFirst || isFailure(result) || result.nextOffset > result.startOffset) yield { partition, result };
      if (isFailure(result)) return;
      start = result.nextOffset;
      if (result.nextOffset < readableEnd(result, isolation) || signal.aborted) continue;
      if (!watch?.isOpen) watch = await watchPartition(ports, topics, { topic, partition, isolation });
      if (watch === null) await scheduler.wait(REOPEN_DELAY_MS);
      else await watch.past(start, RECHECK_MS);
    }
  } finally {
    signal.removeEventListener("abort", endWatch);
    endWatch();
  }
}

/** Yields from all, each in its own order, whichever has something first. */
async function* merge<T>(sources: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const pending = new Map<number, Promise<{ index: number; next: IteratorResult<T, unknown> }>>();
  const advance = (index: number): void => {
    pending.set(
      index,
      sources[index]!.next().then((next) => ({ index, next })),
    );
  };
  for (const index of sources.keys()) advance(index);
  try {
    while (pending.size > 0) {
      const { index, next } = await Promise.race(pending.values());
      pending.delete(index);
      if (next.done) continue;
      advance(index);
      yield next.value;
    }
  } finally {
    await Promise.allSettled(sources.map((source) => source.return(undefined)));
  }
}
