// AlterPartitionReassignments (key 45), version 0, and ListPartitionReassignments (46), version 0. The one broker has every partition, and
// the platform its replicas: a partition may be assigned to where it is, which is done at once. So there is never one under way to be
// told of, or to be called off.

import type { Broker } from "../../../broker/broker.ts";
import { type Failure, failure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { NODE_ID, serve } from "../call.ts";
import { findPartition } from "../find-partition.ts";
import { mapPartitions } from "../map-partitions.ts";
import { outcome } from "./29-acls.ts";

export const alterPartitionReassignments = serve(
  API.alterPartitionReassignments,
  { min: 0, max: 0 },
  async ({ request, broker, session }) => {
    const refused = session.access.refuse("ALTER", "CLUSTER");
    if (refused !== null) return { throttleTimeMs: 0, ...outcome(refused), responses: [] };
    const answers = await mapPartitions(request.topics, async ({ name }, { partitionIndex, replicas }) => ({
      partitionIndex,
      ...outcome(await reassign(broker, name, partitionIndex, replicas)),
    }));
    const responses = answers.map(({ topic, partitions }) => ({ name: topic.name, partitions: [...partitions] }));
    return { throttleTimeMs: 0, ...outcome(null), responses };
  },
);

export const listPartitionReassignments = serve(API.listPartitionReassignments, { min: 0, max: 0 }, async ({ session }) => ({
  ...{ throttleTimeMs: 0, topics: [] },
  ...outcome(session.access.refuse("DESCRIBE", "CLUSTER")),
}));

/** @param replicas null calls off what is under way */
async function reassign(broker: Broker, topic: string, partition: number, replicas: readonly number[] | null): Promise<Failure | null> {
  const missing = await findPartition(broker, topic, partition);
  if (missing !== null) return missing;
  if (replicas === null) return failure("NO_REASSIGNMENT_IN_PROGRESS", "No partition reassignment is in progress.");
  if (replicas.length === 0) return failure("INVALID_REPLICA_ASSIGNMENT", "The replica assignment names no broker.");
  if (new Set(replicas).size < replicas.length)
    return failure("INVALID_REPLICA_ASSIGNMENT", "The replica assignment names a broker twice.");
  const unknown = replicas.find((replica) => replica !== NODE_ID);
  if (unknown === undefined) return null;
  return failure("INVALID_REPLICA_ASSIGNMENT", `The replica assignment includes broker ${unknown}, but the only broker is ${NODE_ID}.`);
}
