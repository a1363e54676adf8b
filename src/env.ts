// The Worker's bindings and settings, as wrangler.toml and the self-hosting config (scripts/) give them.

import type { ClusterObject } from "./objects/cluster.ts";
import type { ConnectionObject } from "./objects/connection.ts";
import type { GroupObject } from "./objects/group.ts";
import type { PartitionObject } from "./objects/partition.ts";
import type { ShareGroupObject } from "./objects/share-group.ts";
import type { SharePartitionObject } from "./objects/share-partition.ts";
import type { SubscriptionObject } from "./objects/subscription.ts";
import type { TransactionObject } from "./objects/transaction.ts";

export interface Env {
  readonly CLUSTER: DurableObjectNamespace<ClusterObject>;
  readonly PARTITION: DurableObjectNamespace<PartitionObject>;
  readonly GROUP: DurableObjectNamespace<GroupObject>;
  readonly CONNECTION: DurableObjectNamespace<ConnectionObject>;
  readonly TRANSACTION: DurableObjectNamespace<TransactionObject>;
  readonly SUBSCRIPTION: DurableObjectNamespace<SubscriptionObject>;
  /** The way to endpoints on plain workerd, which lets only public addresses through; on Cloudflare there is none, and none needed. */
  readonly WEBHOOKS?: Fetcher;
  /** "1": webhooks may go to http URLs, private addresses and local names. */
  readonly SLUICE_ALLOW_PRIVATE_WEBHOOKS?: string | null;
  readonly SHARE_GROUP: DurableObjectNamespace<ShareGroupObject>;
  readonly SHARE_PARTITION: DurableObjectNamespace<SharePartitionObject>;
  /** Where sealed segments go. Without it everything stays in the partitions' SQLite. */
  readonly ARCHIVE?: R2Bucket;
  /** The token that may do everything (`wrangler secret put SLUICE_ADMIN_TOKEN`). */
  readonly SLUICE_ADMIN_TOKEN?: string | null;
  /** "1" serves without a token: set by `npm start` and `npm run dev` on loopback, and nowhere else. */
  readonly SLUICE_OPEN?: string | null;
  /** Whose pages may use the broker from a browser, commas between (src/common/allowed-origins.ts): "https://shop.example". */
  readonly SLUICE_ALLOWED_ORIGINS?: string | null;
  /** HOST:PORT that Kafka clients are told to connect to, by door where they differ (src/common/advertised-listeners.ts). */
  readonly SLUICE_ADVERTISED_LISTENER?: string | null;
  /** "false": a Kafka client that asks for a topic that is not there does not get one. */
  readonly SLUICE_AUTO_CREATE_TOPICS?: string | null;
  /** Configs of Kafka connections as a JSON object of texts (src/common/connection-configs.ts): {"max.connections": "500"}. */
  readonly SLUICE_CONNECTION_CONFIGS?: string | null;
  /** How many objects Kafka's WebSockets share; each has one of its own where it is not set (src/objects/names.ts). */
  readonly SLUICE_CONNECTION_OBJECTS?: string | null;
  /** connections.max.reauth.ms: how long an authentication by SASL lasts, ms; 0 or not set: as long as its connection. */
  readonly SLUICE_MAX_REAUTH_MS?: string | null;
  /** Configs of consumer groups as a JSON object of texts (src/common/group-configs.ts): {"group.initial.rebalance.delay.ms": "0"}. */
  readonly SLUICE_GROUP_CONFIGS?: string | null;
  /** What topics are made with, likewise (src/common/topic-creation-configs.ts): {"num.partitions": "4"}. */
  readonly SLUICE_TOPIC_CONFIGS?: string | null;
  /** Configs of transactions, likewise (src/common/transaction-configs.ts): {"transaction.max.timeout.ms": "60000"}. */
  readonly SLUICE_TRANSACTION_CONFIGS?: string | null;
}
