// Whether a partition is there, for requests that do nothing more to it.

import type { Broker } from "../../broker/broker.ts";
import { checkPartition } from "../../broker/topics.ts";
import { type Failure, isFailure } from "../../common/errors.ts";

/** null where the topic has the partition, else why not. */
export async function findPartition(broker: Broker, topic: string, partition: number): Promise<Failure | null> {
  const found = await broker.topic(topic);
  return isFailure(found) ? found : checkPartition(found, partition);
}
