// Names of topics that requests name by id (KIP-516).

import type { Broker } from "../../broker/broker.ts";
import { mapConcurrently } from "../../common/concurrency.ts";
import { type Failure, isFailure } from "../../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../../common/limits/platform.ts";

/** The topic's name for each id, or why there is none. */
export async function topicNames(broker: Broker, topicIds: readonly string[]): Promise<ReadonlyMap<string, string | Failure>> {
  const named = await mapConcurrently([...new Set(topicIds)], MAX_CONCURRENT_CALLS, async (topicId) => {
    const topic = await broker.topicById(topicId);
    return [topicId, isFailure(topic) ? topic : topic.name] as const;
  });
  return new Map(named);
}

/** The topics of a request with the names that stand for their ids, in order; without a name, and with the reason, where there is none. */
export async function withNames<Topic extends { readonly topicId: string }>(
  broker: Broker,
  topics: readonly Topic[],
): Promise<(Topic & { readonly name: string; readonly refused?: Failure })[]> {
  const names = await topicNames(
    broker,
    topics.map(({ topicId }) => topicId),
  );
  return topics.map((topic) => {
    const name = names.get(topic.topicId)!;
    return typeof name === "string" ? { ...topic, name } : { ...topic, name: "", refused: name };
  });
}
