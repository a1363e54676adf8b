// Whether a partition is there, for requests that do nothing more to it.

import type { Broker } from "../../broker/broker.ts";
import { type Failure, failure, isFailure } from "../../common/errors.ts";

/** null where the topic has the partition, else why not. */
export async function findPartition(broker: Broker, topic: string, partition: number): Promise<Failure | null> {
  const found = await broker.topic(topic);
  if (isFailure(found)) return found;
  if (partition >= 0 && partition < found.partitionCount) return null;
  return failure("UNKNOWN_TOPIC_OR_PARTITION", `topic '${topic}' has no partition ${partition}`);
}
