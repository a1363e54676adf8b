// Fetch (key 1), versions 4-17. Stored batches go out as they are. An answer has at least one whole batch where there is one, even when
// it is larger than the limits (KIP-74).
//
// Sessions (KIP-227, 7+): ../fetch-session.ts.
// read_committed (4+): an answer ends at the last stable offset, and lists the aborted transactions that have batches in it.
// Leader epochs (9+): a client that knows a newer epoch than the partition's is told so. One that knows an older is served, where Kafka
// fences it: it cannot have come to a leader of before, since the platform lets one live at a time, and Metadata names no epochs that it
// could learn of. librdkafka sends 0 then (since 2.1), and would be fenced for good once the partition has started again.
// No room for the answer, for too long (src/broker/answer-room.ts): throttled as by a quota, with no partition in the answer (KIP-219,
// FetchContext.getThrottledResponse).
// A topic that was made again under its name: ../remade-topics.ts.
// Topic ids (13+, KIP-516): one that there is not, or not any more, is UNKNOWN_TOPIC_ID in each of its partitions.

import type { Broker } from "../../../broker/broker.ts";
import type { ReadFailure, ReadResult } from "../../../broker/ports.ts";
import { errorCode, type Failure, isFailure } from "../../../common/errors.ts";
import { ANSWER_THROTTLE_MS } from "../../../common/limits/answer-room.ts";
import { MAX_FETCH_BYTES, MAX_WAIT_MS } from "../../../common/limits/fetch.ts";
import { API } from "../../../protocol/api-keys.ts";
import { type Call, serve } from "../call.ts";
import { type AskedPartition, type FetchRequest, openFetch, TOPIC_IDS_SINCE } from "../fetch-session.ts";
import { topicNames } from "../topic-names.ts";

type FetchPartition = FetchRequest["topics"][number]["partitions"][number];

const NO_RECORDS = new Uint8Array(0);

export const fetch = serve(API.fetch, { min: 4, max: 17 }, async (call) => {
  const context = openFetch(call.request, call.version, call.session);
  if (typeof context === "string") {
    return { throttleTimeMs: 0, errorCode: errorCode(context), sessionId: 0, responses: [], nodeEndpoints: [] };
  }
  const { asked, session, isIncremental } = context;
  const results = await read(call, asked);
  if (call.room.isRefused) {
    return { throttleTimeMs: ANSWER_THROTTLE_MS, errorCode: 0, sessionId: session?.id ?? 0, responses: [], nodeEndpoints: [] };
  }
  const answers = asked
    .map((one, index) => ({ ...one, answer: answerPartition(one.partition, results[index]!) }))
    .filter((one) => session === null || session.isNew(one, one.answer) || !isIncremental);
  const byTopic = Map.groupBy(answers, ({ topic, topicId }) => (call.version >= TOPIC_IDS_SINCE ? topicId : topic));
  const responses = Array.from(byTopic.values(), (group) => {
    const { topic, topicId } = group[0]!;
    return { topic, topicId, partitions: group.map(({ answer }) => answer) };
  });
  return { throttleTimeMs: 0, errorCode: 0, sessionId: session?.id ?? 0, responses, nodeEndpoints: [] };
});

/** What each partition holds, in order. With a topic that cannot be named there is no wait. */
async function read({ request, version, broker, session, room }: Call<FetchRequest>, asked: readonly AskedPartition[]) {
  const named = version >= TOPIC_IDS_SINCE ? await nameTopics(broker, asked) : asked.map(({ topic }) => topic);
  const known = asked.flatMap(({ topicId, partition: { partition, fetchOffset, partitionMaxBytes } }, index) => {
    const topic = named[index]!;
    if (typeof topic !== "string") return [];
    const position = { topic, partition, fetchOffset };
    const id = session.fetchPlaces.carriedOn(position) ?? (version >= TOPIC_IDS_SINCE ? topicId : undefined);
    return [{ position, id, maxBytes: Math.max(1, partitionMaxBytes) }];
  });
  const { partitions } = await broker.fetchMany({
    partitions: known.map(({ position: { topic, partition, fetchOffset }, id, maxBytes }) => ({
      ...{ topic, partition, start: fetchOffset, maxBytes },
      ...(id !== undefined && { topicId: id }),
    })),
    maxBytes: Math.min(Math.max(1, request.maxBytes), MAX_FETCH_BYTES),
    minBytes: request.minBytes,
    maxWaitMs: known.length < asked.length ? 0 : Math.min(Math.max(0, request.maxWaitMs), MAX_WAIT_MS),
    isolation: request.isolationLevel === 1 ? "read_committed" : "read_uncommitted",
    signal: session.signal,
    watches: session.watches,
    readAhead: session.readAhead,
    room,
  });
  const results: (ReadResult | ReadFailure)[] = [];
  for (const [index, { position, id }] of known.entries()) {
    results.push(await session.fetchPlaces.settle(broker, position, id, partitions[index]!.result));
  }
  const remaining = results.values();
  return named.map((topic): ReadResult | ReadFailure => (typeof topic === "string" ? remaining.next().value! : topic));
}

/** The topic's name for each partition, or why there is none. */
async function nameTopics(broker: Broker, asked: readonly AskedPartition[]): Promise<readonly (string | Failure)[]> {
  const names = await topicNames(
    broker,
    asked.map(({ topicId }) => topicId),
  );
  return asked.map(({ topicId }) => names.get(topicId)!);
}

function answerPartition({ partition: partitionIndex, currentLeaderEpoch }: FetchPartition, result: ReadResult | ReadFailure) {
  if (isFailure(result)) {
    const { highWatermark = -1, lastStableOffset = -1, logStartOffset = -1 } = result.offsets ?? {};
    const code = errorCode(result.error);
    return {
      partitionIndex,
      errorCode: code,
      highWatermark,
      lastStableOffset,
      logStartOffset,
      abortedTransactions: null,
      records: NO_RECORDS,
    };
  }
  const { highWatermark, lastStableOffset, logStartOffset, leaderEpoch, batches } = result;
  const abortedTransactions = result.abortedTransactions ?? null;
  const offsets = { partitionIndex, highWatermark, lastStableOffset, logStartOffset, abortedTransactions };
  if (currentLeaderEpoch > leaderEpoch) return { ...offsets, errorCode: errorCode("UNKNOWN_LEADER_EPOCH"), records: NO_RECORDS };
  return { ...offsets, errorCode: 0, records: new Uint8Array(batches) };
}
