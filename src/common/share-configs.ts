// The settings of a share group under Kafka's names: the configs of a group (ConfigResource GROUP) that kafka-configs reads and sets
// (KIP-932, KIP-1191, KIP-1240). `order` has no name in Kafka, and is set over HTTP.

import { type ConfigType, type ConfigTypeName, int, oneOf } from "./config-types.ts";
import { type Failure, failure } from "./errors.ts";
import { MAX_SHARE_DELIVERIES, MAX_SHARE_IN_FLIGHT, MAX_SHARE_LEASE_MS, MIN_SHARE_LEASE_MS } from "./limits/share-groups.ts";
import { DEFAULT_SHARE_SETTINGS, type ShareSettings } from "./share-settings.ts";
import { formatShareStart, shareStartConfig } from "./share-start.ts";

interface ShareConfig {
  readonly setting: keyof ShareSettings;
  readonly type: ConfigType<ShareSettings[keyof ShareSettings]>;
  readonly doc: string;
}

/** A topic's name, which the broker looks up; none where it is empty. */
const optionalName: ConfigType<string | null> = { type: "string", parse: (text) => ({ value: text.trim() || null }) };

const SHARE_CONFIGS: Readonly<Record<string, ShareConfig>> = {
  "errors.deadletterqueue.topic.name": {
    setting: "deadLetterTopic",
    type: optionalName,
    doc: "Where records go that are given up; empty: nowhere, they are only counted.",
  },
  "share.auto.offset.reset": {
    setting: "autoOffsetReset",
    type: shareStartConfig,
    doc: "Where the group begins in a partition that it has not seen. Kafka's default is latest: here what was produced before the first member came is not lost.",
  },
  "share.delivery.count.limit": {
    setting: "maxDeliveries",
    type: int({ min: 1, max: MAX_SHARE_DELIVERIES }),
    doc: "Deliveries of a record before it is given up.",
  },
  "share.isolation.level": {
    setting: "isolation",
    type: oneOf("read_committed", "read_uncommitted"),
    doc: "Whether records of transactions that are open or aborted are delivered. Kafka's default is read_uncommitted.",
  },
  "share.partition.max.record.locks": {
    setting: "maxInFlight",
    type: int({ min: 1, max: MAX_SHARE_IN_FLIGHT }),
    doc: "Most records of a partition that are acquired, or wait for their retry or their turn.",
  },
  "share.record.lock.duration.ms": {
    setting: "leaseMs",
    type: int({ min: MIN_SHARE_LEASE_MS, max: MAX_SHARE_LEASE_MS }),
    doc: "How long a record is a member's own once it has got it.",
  },
};

export interface ShareConfigDescription {
  readonly key: string;
  readonly value: string;
  readonly type: ConfigTypeName;
  readonly isDefault: boolean;
  readonly doc: string;
}

/** By key. */
export function describeShareConfigs(settings: ShareSettings): ShareConfigDescription[] {
  return Object.entries(SHARE_CONFIGS).map(([key, { setting, type, doc }]) => {
    const isDefault = settings[setting] === DEFAULT_SHARE_SETTINGS[setting];
    const value = setting === "autoOffsetReset" ? formatShareStart(settings[setting]) : String(settings[setting] ?? "");
    return { key, value, type: type.type, isDefault, doc };
  });
}

/** @param changes values by key; null: back to the default. @returns INVALID_CONFIG with the first that is refused */
export function parseShareConfigs(changes: Readonly<Record<string, string | null>>): Partial<ShareSettings> | Failure {
  const settings: Record<string, unknown> = {};
  for (const [key, text] of Object.entries(changes)) {
    const config = Object.hasOwn(SHARE_CONFIGS, key) ? SHARE_CONFIGS[key] : undefined;
    if (config === undefined) return failure("INVALID_CONFIG", `Unknown group config name: ${key.slice(0, 100)}`);
    const parsed = text === null ? { value: DEFAULT_SHARE_SETTINGS[config.setting] } : config.type.parse(text);
    if (!("value" in parsed)) return failure("INVALID_CONFIG", `Invalid value '${text}' for ${key}: it must be ${parsed.expected}.`);
    settings[config.setting] = parsed.value;
  }
  return settings as Partial<ShareSettings>;
}
