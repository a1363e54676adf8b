import { describe, expect, test } from "vitest";
import { describeConfigs, isTopicConfigKey, parseTopicConfigs, type TopicConfig } from "../../../src/common/configs.ts";
import { isFailure } from "../../../src/common/errors.ts";
import { MAX_BATCH_BYTES } from "../../../src/common/limits/records.ts";
import { MAX_CONFIG_VALUE_LENGTH } from "../../../src/common/limits/topics.ts";

function parsed(set: Record<string, string> = {}): TopicConfig {
  const config = parseTopicConfigs(set);
  if (isFailure(config)) throw new Error(config.detail);
  return config;
}

function refusal(set: Record<string, string>): string {
  const config = parseTopicConfigs(set);
  if (!isFailure(config)) throw new Error(`${JSON.stringify(set)} was taken`);
  expect(config.error).toBe("INVALID_CONFIG");
  return config.detail;
}

describe("defaults", () => {
  test("are Kafka's", () => {
    expect(parsed()).toEqual({
      cleanupPolicy: ["delete"],
      compressionGzipLevel: -1,
      compressionLz4Level: 9,
      compressionType: "producer",
      compressionZstdLevel: 3,
      deleteRetentionMs: 86_400_000,
      fileDeleteDelayMs: 60_000,
      flushMessages: Number.MAX_SAFE_INTEGER,
      flushMs: Number.MAX_SAFE_INTEGER,
      followerReplicationThrottledReplicas: [],
      indexIntervalBytes: 4096,
      leaderReplicationThrottledReplicas: [],
      localRetentionBytes: -2,
      localRetentionMs: -2,
      maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
      maxMessageBytes: 1_048_588,
      messageTimestampAfterMaxMs: 3_600_000,
      messageTimestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
      messageTimestampType: "CreateTime",
      minCleanableDirtyRatio: 0.5,
      minCompactionLagMs: 0,
      minInsyncReplicas: 1,
      preallocate: false,
      remoteLogCopyDisable: false,
      remoteLogDeleteOnDisable: false,
      remoteStorageEnable: false,
      retentionBytes: -1,
      retentionMs: 604_800_000,
      segmentBytes: 1_073_741_824,
      segmentIndexBytes: 10_485_760,
      segmentJitterMs: 0,
      segmentMs: 604_800_000,
      uncleanLeaderElectionEnable: false,
    });
  });
});

describe("values", () => {
  test("are taken in their type, trimmed", () => {
    const config = parsed({
      "retention.ms": " 1000 ",
      "cleanup.policy": "compact, delete",
      "min.cleanable.dirty.ratio": "0.25",
      preallocate: "TRUE",
      "message.timestamp.type": "LogAppendTime",
      "compression.zstd.level": "-131072",
    });
    expect(config).toMatchObject({
      retentionMs: 1000,
      cleanupPolicy: ["compact", "delete"],
      minCleanableDirtyRatio: 0.25,
      preallocate: true,
      messageTimestampType: "LogAppendTime",
      compressionZstdLevel: -131_072,
    });
  });

  test.each([
    ["retention.ms", "-1", "retentionMs", -1],
    ["retention.bytes", "-5", "retentionBytes", -5],
    ["local.retention.ms", "-2", "localRetentionMs", -2],
    ["segment.bytes", "14", "segmentBytes", 14],
    ["segment.bytes", "2147483647", "segmentBytes", 2_147_483_647],
    ["max.message.bytes", String(MAX_BATCH_BYTES), "maxMessageBytes", MAX_BATCH_BYTES],
    ["max.message.bytes", "0", "maxMessageBytes", 0],
    ["max.compaction.lag.ms", "9223372036854775807", "maxCompactionLagMs", Number.MAX_SAFE_INTEGER],
    ["compression.gzip.level", "-1", "compressionGzipLevel", -1],
    ["compression.gzip.level", "9", "compressionGzipLevel", 9],
    ["min.cleanable.dirty.ratio", "1", "minCleanableDirtyRatio", 1],
    ["min.cleanable.dirty.ratio", "1e-1", "minCleanableDirtyRatio", 0.1],
    ["cleanup.policy", "", "cleanupPolicy", []],
    ["cleanup.policy", "compact,delete,compact", "cleanupPolicy", ["compact", "delete"]],
    ["leader.replication.throttled.replicas", "*", "leaderReplicationThrottledReplicas", ["*"]],
    ["leader.replication.throttled.replicas", "0:1, 1:2", "leaderReplicationThrottledReplicas", ["0:1", "1:2"]],
  ])("%s takes '%s'", (key, text, property, value) => {
    expect(parsed({ [key]: text })).toHaveProperty(property, value);
  });

  test.each([
    ["retention.ms", "-2"],
    ["retention.ms", "1.5"],
    ["retention.ms", "1e3"],
    ["retention.ms", "0x10"],
    ["retention.ms", ""],
    ["retention.ms", "9223372036854775808"],
    ["retention.ms", "99999999999999999999999"],
    ["segment.bytes", "13"],
    ["segment.bytes", "2147483648"],
    ["segment.ms", "0"],
    ["min.insync.replicas", "0"],
    ["max.message.bytes", "-1"],
    ["compression.gzip.level", "0"],
    ["compression.gzip.level", "10"],
    ["compression.lz4.level", "18"],
    ["compression.zstd.level", "23"],
    ["compression.type", "brotli"],
    ["compression.type", "GZIP"],
    ["message.timestamp.type", "logappendtime"],
    ["cleanup.policy", "compact,"],
    ["cleanup.policy", "purge"],
    ["min.cleanable.dirty.ratio", "1.1"],
    ["min.cleanable.dirty.ratio", "NaN"],
    ["min.cleanable.dirty.ratio", ""],
    ["preallocate", "yes"],
    ["follower.replication.throttled.replicas", "*,0:1"],
    ["follower.replication.throttled.replicas", "0-1"],
  ])("%s refuses '%s', and names both", (key, text) => {
    const detail = refusal({ [key]: text });
    expect(detail).toContain(key);
    expect(detail).toContain(`'${text}'`);
  });

  test("that are refused are answered with what is allowed", () => {
    expect(refusal({ "compression.lz4.level": "x" })).toContain("an integer from 1 to 17");
    expect(refusal({ "compression.gzip.level": "0" })).toContain("an integer from -1 to 9 except 0");
    expect(refusal({ "message.timestamp.type": "x" })).toContain("one of CreateTime, LogAppendTime");
    expect(refusal({ "retention.ms": "x" })).toContain("from -1 to 2^63-1");
  });

  test("of max.message.bytes are bounded, and the refusal says by what", () => {
    const detail = refusal({ "max.message.bytes": String(MAX_BATCH_BYTES + 1) });
    expect(detail).toContain(`to ${MAX_BATCH_BYTES}`);
    expect(detail).toContain("16 MiB");
  });

  test("have a longest length", () => {
    const replicas = "0:1,".repeat(MAX_CONFIG_VALUE_LENGTH);
    expect(refusal({ "leader.replication.throttled.replicas": replicas })).toContain("longer than");
  });

  test("are refused together where min.compaction.lag.ms is above max.compaction.lag.ms", () => {
    const detail = refusal({ "min.compaction.lag.ms": "11", "max.compaction.lag.ms": "10" });
    expect(detail).toMatch(/min\.compaction\.lag\.ms \(11\).*max\.compaction\.lag\.ms \(10\)/);
  });
});

describe("keys", () => {
  test.each(["retention.msx", "", "constructor", "__proto__", "toString", "message.format.version"])("'%s' is not one", (key) => {
    expect(isTopicConfigKey(key)).toBe(false);
    expect(refusal(Object.fromEntries([[key, "1"]]))).toContain(`'${key}'`);
  });
});

describe("descriptions", () => {
  test("cover every key in order, with the value that counts and its source", () => {
    const descriptions = describeConfigs({ "retention.ms": "1000" });
    const keys = descriptions.map((description) => description.key);
    expect(keys).toEqual(keys.toSorted());
    expect(keys).toHaveLength(Object.keys(parsed()).length);
    expect(descriptions.filter((description) => description.source === "topic")).toMatchObject([
      { key: "retention.ms", value: "1000", defaultValue: "604800000", type: "long" },
    ]);
    expect(descriptions.find((description) => description.key === "cleanup.policy")).toMatchObject({
      value: "delete",
      source: "default",
      type: "list",
    });
  });

  test("tell which keys something depends on", () => {
    const honoured = describeConfigs({}).filter((description) => description.honoured);
    expect(honoured.map(({ key }) => key)).toEqual([
      "cleanup.policy",
      "compression.type",
      "delete.retention.ms",
      "index.interval.bytes",
      "local.retention.bytes",
      "local.retention.ms",
      "max.compaction.lag.ms",
      "max.message.bytes",
      "message.timestamp.after.max.ms",
      "message.timestamp.before.max.ms",
      "message.timestamp.type",
      "min.cleanable.dirty.ratio",
      "min.compaction.lag.ms",
      "retention.bytes",
      "retention.ms",
      "segment.bytes",
      "segment.index.bytes",
      "segment.jitter.ms",
      "segment.ms",
    ]);
  });

  test("say of every key what it is", () => {
    for (const { key, doc } of describeConfigs({})) expect(doc, key).toMatch(/^[A-Z].{10,}[.]$/);
  });
});
