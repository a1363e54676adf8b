// Names of topics that requests name by id (KIP-516).

import type { Broker } from "../../broker/broker.ts";
import { mapConcurrently } from "../../common/concurrency.ts";
import { type Failure, isFailure } from "../../common/errors.ts";
import { MAX_CONCURRENT_CALLS } from "../../common/limits.ts";

/** The topic's name for each id, or why there is none. */
export async function topicNames(broker: Broker, topicIds: readonly string[]): Promise<ReadonlyMap<string, string | Failure>> {
  const named = await mapConcurrently([...new Set(topicIds)], MAX_CONCURRENT_CALLS, async (topicId) => {
    const topic = await broker.topicById(topicId);
    return [topicId, isFailure(topic) ? topic : topic.name] as const;
  });
  return new Map(named);
}
