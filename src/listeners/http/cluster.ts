// GET /healthz and GET /v1/cluster.

import { MAX_FETCH_BYTES, MAX_FETCH_RECORDS, MAX_PARTITIONS_PER_FETCH, MAX_WAIT_MS } from "../../common/limits/fetch.ts";
import { MAX_GROUP_ID_LENGTH, MAX_OFFSET_METADATA_BYTES, MAX_OFFSETS_PER_COMMIT } from "../../common/limits/groups.ts";
import { MAX_BODY_BYTES, MAX_LINE_BYTES } from "../../common/limits/http.ts";
import { MAX_BATCH_BYTES, MAX_HEADERS_PER_RECORD, MAX_RECORDS_PER_REQUEST } from "../../common/limits/records.ts";
import { MAX_PARTITIONS_PER_PULL, MAX_PULL_RECORDS, MAX_SETTLEMENTS, MAX_SHARE_LEASE_MS } from "../../common/limits/share-groups.ts";
import { MAX_PARTITIONS_PER_TOPIC, MAX_TOPIC_NAME_LENGTH } from "../../common/limits/topics.ts";
import { MAX_PARTITIONS_PER_TRANSACTION, MAX_TRANSACTIONAL_ID_LENGTH } from "../../common/limits/transactions.ts";
import { MAX_VERIFY_BYTES, MAX_VERIFY_MS } from "../../common/limits/verification.ts";
import type { ClusterAnswer } from "../../contract/cluster.ts";
import { answer } from "./answer.ts";
import type { Call } from "./call.ts";

const LIMITS: ClusterAnswer["limits"] = {
  maxBodyBytes: MAX_BODY_BYTES,
  maxRecordsPerRequest: MAX_RECORDS_PER_REQUEST,
  maxHeadersPerRecord: MAX_HEADERS_PER_RECORD,
  maxBatchBytes: MAX_BATCH_BYTES,
  maxLineBytes: MAX_LINE_BYTES,
  maxFetchBytes: MAX_FETCH_BYTES,
  maxFetchRecords: MAX_FETCH_RECORDS,
  maxVerifyBytes: MAX_VERIFY_BYTES,
  maxVerifyMs: MAX_VERIFY_MS,
  maxWaitMs: MAX_WAIT_MS,
  maxPartitionsPerTopic: MAX_PARTITIONS_PER_TOPIC,
  maxPartitionsPerFetch: MAX_PARTITIONS_PER_FETCH,
  maxOffsetsPerCommit: MAX_OFFSETS_PER_COMMIT,
  maxOffsetMetadataBytes: MAX_OFFSET_METADATA_BYTES,
  maxTopicNameLength: MAX_TOPIC_NAME_LENGTH,
  maxGroupIdLength: MAX_GROUP_ID_LENGTH,
  maxTransactionalIdLength: MAX_TRANSACTIONAL_ID_LENGTH,
  maxPartitionsPerTransaction: MAX_PARTITIONS_PER_TRANSACTION,
  maxPullRecords: MAX_PULL_RECORDS,
  maxPartitionsPerPull: MAX_PARTITIONS_PER_PULL,
  maxSettlements: MAX_SETTLEMENTS,
  maxLeaseMs: MAX_SHARE_LEASE_MS,
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
