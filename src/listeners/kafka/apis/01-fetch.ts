// Fetch (key 1), versions 4-12. Stored batches go out as they are. An answer has at least one whole batch where there is one, even when
// it is larger than the limits (KIP-74).
//
// Sessions (KIP-227, 7+): none are kept. A client that asks for one is answered without, which is what the protocol has for a broker whose
// session cache is full; a session id that nobody gave is FETCH_SESSION_ID_NOT_FOUND.
// read_committed (4+): an answer ends at the last stable offset, and lists the aborted transactions that have batches in it.
// Leader epochs (9+): a client that knows a newer epoch than the partition's is told so, one that knows an older too.

import type { ReadFailure, ReadResult } from "../../../broker/ports.ts";
import { errorCode, isFailure } from "../../../common/errors.ts";
import { MAX_FETCH_BYTES, MAX_WAIT_MS } from "../../../common/limits.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { DecodedOf } from "../../../protocol/message.ts";
import { serve } from "../call.ts";

type FetchRequest = DecodedOf<typeof API.fetch.request>;
type FetchPartition = FetchRequest["topics"][number]["partitions"][number];

const NO_RECORDS = new Uint8Array(0);

export const fetch = serve(API.fetch, { min: 4, max: 12 }, async ({ request, broker, session }) => {
  if (request.sessionId !== 0) {
    return { throttleTimeMs: 0, errorCode: errorCode("FETCH_SESSION_ID_NOT_FOUND"), sessionId: 0, responses: [], nodeEndpoints: [] };
  }
  const asked = request.topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
  const { partitions } = await broker.fetchMany({
    partitions: asked.map(({ topic, partition }) => ({
      topic,
      partition: partition.partition,
      start: partition.fetchOffset,
      maxBytes: Math.max(1, partition.partitionMaxBytes),
    })),
    maxBytes: Math.min(Math.max(1, request.maxBytes), MAX_FETCH_BYTES),
    minBytes: request.minBytes,
    maxWaitMs: Math.min(Math.max(0, request.maxWaitMs), MAX_WAIT_MS),
    isolation: request.isolationLevel === 1 ? "read_committed" : "read_uncommitted",
    signal: session.signal,
    watches: session.watches,
  });
  const results = partitions.values();
  const responses = request.topics.map(({ topic, partitions: inTopic }) => ({
    topic,
    topicId: undefined,
    partitions: inTopic.map((partition) => answerPartition(partition, results.next().value!.result)),
  }));
  return { throttleTimeMs: 0, errorCode: 0, sessionId: 0, responses, nodeEndpoints: [] };
});

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
  if (currentLeaderEpoch >= 0 && currentLeaderEpoch < leaderEpoch) {
    return { ...offsets, errorCode: errorCode("FENCED_LEADER_EPOCH"), records: NO_RECORDS };
  }
  return { ...offsets, errorCode: 0, records: new Uint8Array(batches) };
}
