// Kafka's own descriptions of its messages, where a copy of them lies beside the clone: ../shared/kafka-messages, JSON with comments,
// of October 2024. What came later is listed here, with its KIP.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hasVersion, parseVersions, type VersionRange } from "../../../src/protocol/versions.ts";

const FOLDERS = ["../../../../shared/kafka-messages/", "../../../../../shared/kafka-messages/"];

export interface DescribedField {
  readonly name: string;
  readonly type: string;
  readonly versions: string;
  readonly nullableVersions?: string;
  readonly default?: string | number | boolean;
  readonly tag?: number;
  readonly taggedVersions?: string;
  readonly flexibleVersions?: string;
  readonly fields?: readonly DescribedField[];
}

export interface Description {
  readonly apiKey?: number;
  readonly name: string;
  readonly validVersions: string;
  readonly flexibleVersions: string;
  readonly fields: readonly DescribedField[];
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly DescribedField[] }[];
}

/** The folder of the descriptions, or null where there is none. */
export const DESCRIPTIONS: string | null =
  FOLDERS.map((folder) => fileURLToPath(new URL(folder, import.meta.url))).find((folder) => existsSync(folder)) ?? null;

export function readDescription(name: string): Description {
  const text = readFileSync(`${DESCRIPTIONS}${name}.json`, "utf8");
  return JSON.parse(text.replace(/^\s*\/\/.*$/gm, "").replace(/([,\]}])\s*\/\/.*$/gm, "$1"));
}

/** The fields of a struct or of an array of structs; null for other types. */
export function innerFields(description: Description, field: DescribedField): readonly DescribedField[] | null {
  const struct = field.type.replace(/^\[\]/, "");
  return field.fields ?? description.commonStructs?.find(({ name }) => name === struct)?.fields ?? null;
}

/** Keys of APIs that are newer than the descriptions. */
export const NEWER_APIS: readonly number[] = [90, 91, 92]; // KIP-932

/** Where a field is, and newer than the descriptions: path, since which version. */
export const NEWER_FIELDS: Readonly<Record<string, string>> = {
  "ProduceRequest.topicData.topicId": "13+", // KIP-516
  "ProduceResponse.responses.topicId": "13+", // KIP-516
  "OffsetCommitRequest.topics.topicId": "10+", // KIP-848
  "OffsetCommitResponse.topics.topicId": "10+", // KIP-848
  "OffsetFetchRequest.groups.topics.topicId": "10+", // KIP-848
  "OffsetFetchResponse.groups.topics.topicId": "10+", // KIP-848
  "MetadataResponse.errorCode": "13+", // KIP-1102
  "DescribeClusterRequest.includeFencedBrokers": "2+", // KIP-1073
  "DescribeClusterResponse.brokers.isFenced": "2+", // KIP-1073
  "DescribeGroupsResponse.groups.errorMessage": "6+", // KIP-1043
  "ConsumerGroupDescribeResponse.groups.members.memberType": "1+", // KIP-1099
  "ShareFetchRequest.maxRecords": "1+", // KIP-932
  "ShareFetchRequest.batchSize": "1+", // KIP-932
  "ShareFetchRequest.shareAcquireMode": "2+", // KIP-1206
  "ShareFetchRequest.isRenewAck": "2+", // KIP-1222
  "ShareFetchResponse.acquisitionLockTimeoutMs": "1+", // KIP-932
  "ShareAcknowledgeRequest.isRenewAck": "2+", // KIP-1222
  "ShareAcknowledgeResponse.acquisitionLockTimeoutMs": "2+", // KIP-1222
};

/** Fields that versions newer than the descriptions no longer have. */
export const ENDED_FIELDS: Readonly<Record<string, string>> = {
  "ProduceRequest.topicData.name": "0-12", // KIP-516
  "ProduceResponse.responses.name": "0-12", // KIP-516
  "OffsetCommitRequest.topics.name": "0-9", // KIP-848
  "OffsetCommitResponse.topics.name": "0-9", // KIP-848
  "OffsetFetchRequest.groups.topics.name": "8-9", // KIP-848
  "OffsetFetchResponse.groups.topics.name": "8-9", // KIP-848
  "ShareFetchRequest.topics.partitions.partitionMaxBytes": "0", // KIP-932
};

/** The versions in which a described field exists. */
export function describedVersions(path: string, field: DescribedField): VersionRange {
  return parseVersions(ENDED_FIELDS[path] ?? field.versions);
}

export function isDescribed(range: string | undefined, version: number): boolean {
  return range !== undefined && hasVersion(parseVersions(range), version);
}
