// The topic configs: Kafka's keys, defaults and validation (org.apache.kafka.common.config.TopicConfig and LogConfig of Kafka 4, with
// Kafka 3's bound for segment.bytes), as one table. A key that is not honoured yet is checked and stored all the same, so that tools
// made for Kafka can create their topics; `honoured` says so to whoever asks. Texts are stored as they were given: never rename a key.

import { boolean, type ConfigType, type ConfigTypeName, double, int, listOf, long, oneOf, replicaList } from "./config-types.ts";
import { type Failure, failure, isFailure } from "./errors.ts";
import { MAX_BATCH_BYTES } from "./limits/records.ts";
import { MAX_CONFIG_VALUE_LENGTH } from "./limits/topics.ts";

interface ConfigKey<T> extends ConfigType<T> {
  /** As text, in the form in which Kafka shows it. */
  readonly defaultText: string;
  /** Whether anything depends on it today. */
  readonly honoured: boolean;
  readonly doc: string;
}

/** Kafka's Long.MAX_VALUE: no limit. */
const FOR_EVER = "9223372036854775807";
const SEVEN_DAYS_MS = "604800000";
const ONE_DAY_MS = "86400000";
const ONE_HOUR_MS = "3600000";

function honoured<T>(type: ConfigType<T>, defaultText: string, doc: string): ConfigKey<T> {
  return { ...type, defaultText, doc, honoured: true };
}

function accepted<T>(type: ConfigType<T>, defaultText: string, doc: string): ConfigKey<T> {
  return { ...type, defaultText, doc, honoured: false };
}

const MESSAGE_BYTES = int({
  min: 0,
  max: MAX_BATCH_BYTES,
  because: "a record of 16 MiB and its framing: a batch is handled whole, in the core's memory and in one call",
});
const COMPRESSION_TYPE = oneOf("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer");
const LEVEL_NOTE = "The core has one level a codec, whatever this says.";
const LOCAL_RETENTION_NOTE =
  "Where neither local.retention.ms nor local.retention.bytes is set (-2), a segment's rows go as soon as the archive has it; where one is, the other's -2 is no limit. Kafka's -2 is as long as retention: see docs/decisions/0004.";
const DURABILITY_NOTE = "The platform replicates and syncs every write before it is acknowledged, whatever this says.";

const TOPIC_CONFIGS = {
  "cleanup.policy": honoured(
    listOf("compact", "delete"),
    "delete",
    "What becomes of old segments: delete drops them by retention, compact keeps the newest record of each key; both may be set, and an empty list keeps everything.",
  ),
  "compression.gzip.level": accepted(
    int({ min: -1, max: 9, except: 0 }),
    "-1",
    `Level where compression.type is gzip: 1 to 9, or -1 for the default. ${LEVEL_NOTE}`,
  ),
  "compression.lz4.level": accepted(int({ min: 1, max: 17 }), "9", `Level where compression.type is lz4. ${LEVEL_NOTE}`),
  "compression.type": honoured(
    COMPRESSION_TYPE,
    "producer",
    "How batches are stored: producer keeps what the producer chose, any other value is the codec of every batch, recompressed where it came in another.",
  ),
  "compression.zstd.level": accepted(int({ min: -131_072, max: 22 }), "3", `Level where compression.type is zstd. ${LEVEL_NOTE}`),
  "delete.retention.ms": honoured(long({ min: 0 }), ONE_DAY_MS, "How long a compacted topic keeps tombstones (ms)."),
  "file.delete.delay.ms": accepted(long({ min: 0 }), "60000", "How long a dropped segment is kept before its bytes go (ms)."),
  "flush.messages": accepted(long({ min: 1 }), FOR_EVER, `Records between two syncs to disk. ${DURABILITY_NOTE}`),
  "flush.ms": accepted(long({ min: 0 }), FOR_EVER, `Time between two syncs to disk (ms). ${DURABILITY_NOTE}`),
  "follower.replication.throttled.replicas": accepted(replicaList(), "", "Replicas whose replication is throttled on the follower's side."),
  "index.interval.bytes": honoured(int({ min: 0 }), "4096", "Bytes of records between two entries of the offset and time indexes."),
  "leader.replication.throttled.replicas": accepted(replicaList(), "", "Replicas whose replication is throttled on the leader's side."),
  "local.retention.bytes": honoured(
    long({ min: -2 }),
    "-2",
    `Bytes of sealed segments kept on the partition itself before only the archive has them. ${LOCAL_RETENTION_NOTE}`,
  ),
  "local.retention.ms": honoured(
    long({ min: -2 }),
    "-2",
    `How long sealed segments stay on the partition itself before only the archive has them (ms). ${LOCAL_RETENTION_NOTE}`,
  ),
  "max.compaction.lag.ms": honoured(long({ min: 1 }), FOR_EVER, "The longest that a record waits to be compacted (ms)."),
  "max.message.bytes": honoured(
    MESSAGE_BYTES,
    "1048588",
    "The largest record batch (bytes, compressed as it is): as it comes, and as it is stored where compression.type changes it.",
  ),
  "message.timestamp.after.max.ms": honoured(
    long({ min: 0 }),
    ONE_HOUR_MS,
    "How far a record's timestamp may be ahead of the broker's clock (ms).",
  ),
  "message.timestamp.before.max.ms": honoured(
    long({ min: 0 }),
    FOR_EVER,
    "How far a record's timestamp may be behind the broker's clock (ms).",
  ),
  "message.timestamp.type": honoured(
    oneOf("CreateTime", "LogAppendTime"),
    "CreateTime",
    "Whether a record carries the producer's time or the time at which it was written.",
  ),
  "min.cleanable.dirty.ratio": honoured(double(0, 1), "0.5", "How much of a compacted log must be new before it is compacted again."),
  "min.compaction.lag.ms": honoured(long({ min: 0 }), "0", "The shortest that a record stays uncompacted (ms)."),
  "min.insync.replicas": accepted(int({ min: 1 }), "1", `Replicas that must have a write before it is acknowledged. ${DURABILITY_NOTE}`),
  preallocate: accepted(boolean(), "false", "Whether a segment's file is made at its full size. There are no such files here."),
  "remote.log.copy.disable": accepted(boolean(), "false", "Whether sealed segments stop going to remote storage."),
  "remote.log.delete.on.disable": accepted(boolean(), "false", "Whether turning remote storage off deletes what is there."),
  "remote.storage.enable": accepted(
    boolean(),
    "false",
    "Tiered storage. Here sealed segments go to the archive, if there is one, whatever this says.",
  ),
  "retention.bytes": honoured(long(), "-1", "Bytes that a partition keeps before its oldest segments go; -1: no limit."),
  "retention.ms": honoured(long({ min: -1 }), SEVEN_DAYS_MS, "How long records are kept (ms); -1: for ever."),
  "segment.bytes": honoured(int({ min: 14 }), "1073741824", "Bytes at which the active segment is sealed."),
  "segment.index.bytes": honoured(int({ min: 4 }), "10485760", "The largest offset index of a segment (bytes)."),
  "segment.jitter.ms": honoured(
    long({ min: 0 }),
    "0",
    "The most that is taken off segment.ms, a random part of it for each segment, so that segments are not all sealed at once (ms).",
  ),
  "segment.ms": honoured(long({ min: 1 }), SEVEN_DAYS_MS, "Age at which the active segment is sealed (ms)."),
  "unclean.leader.election.enable": accepted(
    boolean(),
    "false",
    "Whether a replica that is behind may lead. There is never such a replica here.",
  ),
} as const satisfies Record<string, ConfigKey<unknown>>;

export type TopicConfigKey = keyof typeof TOPIC_CONFIGS;

type CamelCase<Key extends string> = Key extends `${infer Head}.${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Key;

/** Every config of a topic, set or default, in its own type: `retention.ms` is `retentionMs`. */
export type TopicConfig = {
  readonly [Key in TopicConfigKey as CamelCase<Key>]: (typeof TOPIC_CONFIGS)[Key] extends ConfigKey<infer T> ? T : never;
};

export interface ConfigDescription {
  readonly key: TopicConfigKey;
  readonly value: string;
  readonly defaultValue: string;
  readonly source: "default" | "topic";
  readonly type: ConfigTypeName;
  /** false: checked and stored, but nothing depends on it yet. */
  readonly honoured: boolean;
  readonly doc: string;
}

const TOPIC_CONFIG_KEYS = Object.keys(TOPIC_CONFIGS).sort() as TopicConfigKey[];

export function isTopicConfigKey(key: string): key is TopicConfigKey {
  return Object.hasOwn(TOPIC_CONFIGS, key);
}

/** The configs of a topic for which `set` was set, or INVALID_CONFIG with the first key or value that is refused. */
export function parseTopicConfigs(set: Readonly<Record<string, string>>): TopicConfig | Failure {
  const unknownKey = Object.keys(set).find((key) => !isTopicConfigKey(key));
  if (unknownKey !== undefined) return unknownConfigKey(unknownKey);

  const config: Record<string, unknown> = {};
  for (const key of TOPIC_CONFIG_KEYS) {
    const parsed = parseTopicConfig(key, Object.hasOwn(set, key) ? set[key]! : TOPIC_CONFIGS[key].defaultText);
    if (isFailure(parsed)) return parsed;
    config[camelCase(key)] = parsed.value;
  }
  return checkRelations(config as TopicConfig);
}

export function unknownConfigKey(key: string): Failure {
  return failure("INVALID_CONFIG", `Unknown topic config '${key.slice(0, 100)}'. The keys are ${TOPIC_CONFIG_KEYS.join(", ")}.`);
}

/** Every config in the order of its key: its value, and where it comes from. The values of `set` were checked when they were set. */
export function describeConfigs(set: Readonly<Record<string, string>>): ConfigDescription[] {
  return TOPIC_CONFIG_KEYS.map((key) => {
    const { type, defaultText, honoured: isHonoured, doc } = TOPIC_CONFIGS[key];
    const isSet = Object.hasOwn(set, key);
    return {
      key,
      value: isSet ? set[key]! : defaultText,
      defaultValue: defaultText,
      source: isSet ? "topic" : "default",
      type,
      honoured: isHonoured,
      doc,
    };
  });
}

function parseTopicConfig(key: TopicConfigKey, text: string): { readonly value: unknown } | Failure {
  if (text.length > MAX_CONFIG_VALUE_LENGTH) {
    return failure("INVALID_CONFIG", `The value of ${key} is longer than ${MAX_CONFIG_VALUE_LENGTH} characters.`);
  }
  const parsed = TOPIC_CONFIGS[key].parse(text);
  if ("value" in parsed) return parsed;
  return failure("INVALID_CONFIG", `Invalid value '${text.slice(0, 100)}' for ${key}: it must be ${parsed.expected}.`);
}

/** What LogConfig.validateValues asks of two keys together. */
function checkRelations(config: TopicConfig): TopicConfig | Failure {
  if (config.minCompactionLagMs <= config.maxCompactionLagMs) return config;
  return failure(
    "INVALID_CONFIG",
    `min.compaction.lag.ms (${config.minCompactionLagMs}) must not be above max.compaction.lag.ms (${config.maxCompactionLagMs}).`,
  );
}

function camelCase(key: TopicConfigKey): string {
  return key.replace(/\.(.)/g, (_, letter: string) => letter.toUpperCase());
}
