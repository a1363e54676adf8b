// What the use cases need from the world: the cluster, the partitions and the groups, wherever they run. `src/objects/` implements
// these ports over Durable Object RPC, tests over memory. Everything that crosses a port is plain data (structured clone), and every
// byte run is an ArrayBuffer of exactly its length: RPC ships the whole buffer behind a view.

import type { IngestSourcesPort } from "../ingest/messages.ts";
import type { ClusterPort } from "./ports/cluster.ts";
import type { ClassicGroupPort, ConsumerGroupPort, GroupPort } from "./ports/group.ts";
import type { ArchivePort, PartitionPort } from "./ports/partition.ts";
import type { ShareGroupPort, SharePartitionPort } from "./ports/share-group.ts";
import type { SubscriptionPort, SubscriptionsPort } from "./ports/subscription.ts";
import type { TransactionPort } from "./ports/transaction.ts";

export type * from "./ports/cluster.ts";
export type * from "./ports/group.ts";
export type * from "./ports/partition.ts";
export type * from "./ports/share-group.ts";
export type { SubscriptionPage, SubscriptionPort, SubscriptionsPort } from "./ports/subscription.ts";
export type * from "./ports/transaction.ts";

export interface Ports {
  readonly cluster: ClusterPort;
  partition(topicId: string, partition: number): PartitionPort;
  group(groupId: string): GroupPort & ClassicGroupPort & ConsumerGroupPort;
  transaction(transactionalId: string): TransactionPort;
  subscription(name: string): SubscriptionPort;
  readonly subscriptions: SubscriptionsPort;
  readonly ingestSources: IngestSourcesPort;
  shareGroup(groupId: string): ShareGroupPort;
  sharePartition(groupUuid: string, topicId: string, partition: number): SharePartitionPort;
  /** null: nothing is ever archived. */
  readonly archive: ArchivePort | null;
  /** Lets work outlive the request that began it. */
  waitUntil(work: Promise<unknown>): void;
}
