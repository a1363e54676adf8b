// What is asked and told of topics, beyond what the cluster has of them (ports/cluster.ts).

import type { Failure } from "../../common/errors.ts";
import type { PartitionDescription, TopicMetadata } from "../ports.ts";

export interface TopicDescription {
  readonly topic: TopicMetadata;
  readonly partitions: readonly (PartitionDescription | (Failure & { readonly partition: number }))[];
}

/** Kafka's ListOffsets -4 and -5 (KIP-405). */
export type TierQuery = "earliestLocal" | "latestTiered";
