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

/**
 * Yields from all, each in its own order, whichever has something first. The sources' promises are not raced: that of a source that is quiet
 * would remember every race that it stood in, and each race what was yielded.
 */
export async function* merge<T>(sources: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const arrived: { readonly source: AsyncGenerator<T>; readonly settled: PromiseSettledResult<IteratorResult<T, unknown>> }[] = [];
  let wake = (): void => {};
  const advance = async (source: AsyncGenerator<T>): Promise<void> => {
    const [settled] = await Promise.allSettled([source.next()]);
    arrived.push({ source, settled });
    wake();
  };
  let open = sources.length;
  for (const source of sources) void advance(source);
  try {
    while (open > 0) {
      const next = arrived.shift();
      if (next === undefined) await new Promise<void>((resolve) => (wake = resolve));
      else if (next.settled.status === "rejected") throw next.settled.reason;
      else if (next.settled.value.done) open -= 1;
      else {
        void advance(next.source);
        yield next.settled.value.value;
      }
    }
  } finally {
    await Promise.allSettled(sources.map((source) => source.return(undefined)));
  }
}
