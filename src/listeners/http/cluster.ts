// GET /healthz and GET /v1/cluster.

import * as limits from "../../common/limits.ts";
import type { ClusterAnswer } from "../../contract/cluster.ts";
import { answer } from "./answer.ts";
import type { Call } from "./call.ts";

const LIMITS: ClusterAnswer["limits"] = {
  maxBodyBytes: limits.MAX_BODY_BYTES,
  maxRecordsPerRequest: limits.MAX_RECORDS_PER_REQUEST,
  maxHeadersPerRecord: limits.MAX_HEADERS_PER_RECORD,
  maxBatchBytes: limits.MAX_BATCH_BYTES,
  maxLineBytes: limits.MAX_LINE_BYTES,
  maxFetchBytes: limits.MAX_FETCH_BYTES,
  maxFetchRecords: limits.MAX_FETCH_RECORDS,
  maxVerifyBytes: limits.MAX_VERIFY_BYTES,
  maxVerifyMs: limits.MAX_VERIFY_MS,
  maxWaitMs: limits.MAX_WAIT_MS,
  maxPartitionsPerTopic: limits.MAX_PARTITIONS_PER_TOPIC,
  maxPartitionsPerFetch: limits.MAX_PARTITIONS_PER_FETCH,
  maxOffsetsPerCommit: limits.MAX_OFFSETS_PER_COMMIT,
  maxOffsetMetadataBytes: limits.MAX_OFFSET_METADATA_BYTES,
  maxTopicNameLength: limits.MAX_TOPIC_NAME_LENGTH,
  maxGroupIdLength: limits.MAX_GROUP_ID_LENGTH,
  maxTransactionalIdLength: limits.MAX_TRANSACTIONAL_ID_LENGTH,
  maxPartitionsPerTransaction: limits.MAX_PARTITIONS_PER_TRANSACTION,
  maxPullRecords: limits.MAX_PULL_RECORDS,
  maxPartitionsPerPull: limits.MAX_PARTITIONS_PER_PULL,
  maxSettlements: limits.MAX_SETTLEMENTS,
  maxLeaseMs: limits.MAX_SHARE_LEASE_MS,
};

const FEATURES = [
  "produce",
  "produce-ndjson",
  "produce-batches",
  "idempotent-produce",
  "fetch",
  "fetch-batches",
  "fetch-many",
  "long-poll",
  "server-sent-events",
  "websocket",
  "kafka-websocket",
  "group-offsets",
  "share-groups",
  "transactions",
  "inbound-webhooks",
  "truncate",
  "segments",
  "verify-segments",
  "retention",
  "compaction",
  "topic-compression",
  "records-of-16-mib",
  "users",
  "tokens",
  "acls",
  "quotas",
];

export function getHealth(call: Call): Response {
  return answer(call, { status: "ok" });
}

export async function getCluster(call: Call): Promise<Response> {
  const body: ClusterAnswer = {
    clusterId: await call.broker.clusterId(),
    version: call.settings.version,
    limits: LIMITS,
    features: FEATURES,
  };
  return answer(call, body);
}
