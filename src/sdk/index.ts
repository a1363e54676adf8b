// `sluice/client`: what programs use to reach a broker, in Workers, browsers, Node, Bun and Deno. Only what is imported is bundled.

export { Admin } from "./admin/admin.ts";
export type { GroupAdmin } from "./admin/group-admin.ts";
export type { IngestAdmin } from "./admin/ingest-admin.ts";
export type { SecurityAdmin } from "./admin/security-admin.ts";
export type { ShareGroupAdmin } from "./admin/share-group-admin.ts";
export type { SubscriptionAdmin } from "./admin/subscription-admin.ts";
export type { Isolation, OffsetTime, TopicAdmin, TopicSummary } from "./admin/topic-admin.ts";
export type { TransactionAdmin } from "./admin/transaction-admin.ts";
export type { Backoff } from "./backoff.ts";
export type { Data, HeadersInput } from "./bytes.ts";
export { Client, type ClientOptions, createClient, type Fetch } from "./client.ts";
export type { Codecs } from "./compression.ts";
export { type Assignment, Consumer, type ConsumerInterceptor, type ConsumerOptions } from "./consumer/consumer.ts";
export type { RebalanceListener } from "./consumer/group-assignment.ts";
export { GroupConsumer } from "./consumer/group-consumer.ts";
export type { GroupConsumerOptions } from "./consumer/group-options.ts";
export type { OffsetReset } from "./consumer/partition-fetcher.ts";
export type { ProcessOptions, RecordHandler } from "./consumer/process.ts";
export { asJson, asText, type ConsumerRecord, type Position, type TopicPartition } from "./consumer/records.ts";
export { type TailOptions, tail } from "./consumer/tail.ts";
export * from "./errors.ts";
export type { Percentiles } from "./histogram.ts";
export type { ProducerInterceptor, ProducerOptions } from "./producer/options.ts";
export {
  murmur2Partitioner,
  type Partitioner,
  type PartitionRequest,
  randomPartitioner,
  roundRobinPartitioner,
  stickyPartitioner,
} from "./producer/partitioners.ts";
export { Producer } from "./producer/producer.ts";
export type { ProducerMetrics } from "./producer/producer-metrics.ts";
export type { ProducerRecord, RecordMetadata } from "./producer/records.ts";
export type { GroupMember, OffsetToCommit } from "./producer/transactions.ts";
