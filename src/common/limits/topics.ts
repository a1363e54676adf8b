// Limits of topics: names, partitions, configs, and how many are listed at a time.

/** Most partitions of one topic: each is a Durable Object, created on first use. */
export const MAX_PARTITIONS_PER_TOPIC = 10_000;

/** Kafka's rule for topic names (org.apache.kafka.common.internals.Topic). */
export const MAX_TOPIC_NAME_LENGTH = 249;

/** Longest value of a topic config (characters). Only the lists of throttled replicas come near it. */
export const MAX_CONFIG_VALUE_LENGTH = 10_000;

/** Most topics or groups on one page of a listing. */
export const MAX_PAGE_ITEMS = 1_000;
