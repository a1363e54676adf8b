// Kafka's errors, each once: name, code, HTTP status, whether a client may simply try again, and a sentence for people.
// Names, codes and retriability are those of org.apache.kafka.common.protocol.Errors; never renumber. Every listener translates from
// this table.

const RETRIABLE = true;
const FINAL = false;

type ErrorRow = readonly [code: number, httpStatus: number, retriable: boolean, message: string];

const ERRORS = {
  UNKNOWN_SERVER_ERROR: [-1, 500, FINAL, "The broker met an unexpected error."],
  NONE: [0, 200, FINAL, "No error."],
  OFFSET_OUT_OF_RANGE: [1, 416, FINAL, "The offset is outside the range that the partition holds."],
  CORRUPT_MESSAGE: [2, 400, RETRIABLE, "A record batch is malformed or its CRC does not match its content."],
  UNKNOWN_TOPIC_OR_PARTITION: [3, 404, RETRIABLE, "The topic or the partition does not exist."],
  INVALID_FETCH_SIZE: [4, 400, FINAL, "The fetch size is not valid."],
  LEADER_NOT_AVAILABLE: [5, 503, RETRIABLE, "The partition cannot be reached right now."],
  NOT_LEADER_OR_FOLLOWER: [6, 503, RETRIABLE, "The request reached an object that does not lead the partition any more."],
  REQUEST_TIMED_OUT: [7, 504, RETRIABLE, "The request took longer than it was allowed to."],
  BROKER_NOT_AVAILABLE: [8, 503, FINAL, "The broker is not available."],
  REPLICA_NOT_AVAILABLE: [9, 503, RETRIABLE, "The replica is not available."],
  MESSAGE_TOO_LARGE: [10, 413, FINAL, "A record batch is larger than the topic's max.message.bytes."],
  STALE_CONTROLLER_EPOCH: [11, 409, FINAL, "The controller moved."],
  OFFSET_METADATA_TOO_LARGE: [12, 400, FINAL, "The metadata of a committed offset is too long."],
  NETWORK_EXCEPTION: [13, 503, RETRIABLE, "The connection broke before an answer came."],
  COORDINATOR_LOAD_IN_PROGRESS: [14, 503, RETRIABLE, "The group coordinator is loading."],
  COORDINATOR_NOT_AVAILABLE: [15, 503, RETRIABLE, "The group coordinator cannot be reached right now."],
  NOT_COORDINATOR: [16, 503, RETRIABLE, "The request reached an object that does not coordinate the group."],
  INVALID_TOPIC_EXCEPTION: [17, 400, FINAL, "The topic's name is not valid, or the topic may not be used so."],
  RECORD_LIST_TOO_LARGE: [18, 413, FINAL, "The request has a record batch that is larger than a segment."],
  NOT_ENOUGH_REPLICAS: [19, 503, RETRIABLE, "There are fewer in-sync replicas than required."],
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: [20, 503, RETRIABLE, "The records were written to fewer in-sync replicas than required."],
  INVALID_REQUIRED_ACKS: [21, 400, FINAL, "acks is not one of the values that it can have."],
  ILLEGAL_GENERATION: [22, 409, FINAL, "The generation id is not the group's current one."],
  INCONSISTENT_GROUP_PROTOCOL: [23, 409, FINAL, "The member's protocol type or protocols do not fit the group's."],
  INVALID_GROUP_ID: [24, 400, FINAL, "The group id is not valid."],
  UNKNOWN_MEMBER_ID: [25, 404, FINAL, "The group has no such member."],
  INVALID_SESSION_TIMEOUT: [26, 400, FINAL, "The session timeout is outside the range that the broker allows."],
  REBALANCE_IN_PROGRESS: [27, 409, FINAL, "The group is rebalancing."],
  INVALID_COMMIT_OFFSET_SIZE: [28, 400, FINAL, "The committed offset data is too large."],
  TOPIC_AUTHORIZATION_FAILED: [29, 403, FINAL, "The token may not use this topic so."],
  GROUP_AUTHORIZATION_FAILED: [30, 403, FINAL, "The token may not use this group so."],
  CLUSTER_AUTHORIZATION_FAILED: [31, 403, FINAL, "The token may not do this to the cluster."],
  INVALID_TIMESTAMP: [32, 400, FINAL, "A record's timestamp is out of the range that the topic accepts."],
  UNSUPPORTED_SASL_MECHANISM: [33, 400, FINAL, "The broker does not support the SASL mechanism."],
  ILLEGAL_SASL_STATE: [34, 400, FINAL, "The request is not valid in the connection's SASL state."],
  UNSUPPORTED_VERSION: [35, 501, FINAL, "The broker does not support this version or feature."],
  TOPIC_ALREADY_EXISTS: [36, 409, FINAL, "A topic with this name exists already."],
  INVALID_PARTITIONS: [37, 400, FINAL, "The number of partitions is not valid."],
  INVALID_REPLICATION_FACTOR: [38, 400, FINAL, "The replication factor is not valid."],
  INVALID_REPLICA_ASSIGNMENT: [39, 400, FINAL, "The replica assignment is not valid."],
  INVALID_CONFIG: [40, 400, FINAL, "A config key is unknown or its value is not valid."],
  NOT_CONTROLLER: [41, 503, RETRIABLE, "The request reached an object that is not the controller."],
  INVALID_REQUEST: [42, 400, FINAL, "The request is malformed or contradicts itself."],
  UNSUPPORTED_FOR_MESSAGE_FORMAT: [43, 400, FINAL, "The message format does not support the request."],
  POLICY_VIOLATION: [44, 403, FINAL, "The request violates a policy of the cluster."],
  OUT_OF_ORDER_SEQUENCE_NUMBER: [45, 409, FINAL, "The producer's sequence number does not follow its last one."],
  DUPLICATE_SEQUENCE_NUMBER: [46, 409, FINAL, "The sequence number was seen too long ago to be answered with its offset."],
  INVALID_PRODUCER_EPOCH: [47, 409, FINAL, "The producer's epoch is older than one that was already seen."],
  INVALID_TXN_STATE: [48, 409, FINAL, "The transaction is not in a state that allows this."],
  INVALID_PRODUCER_ID_MAPPING: [49, 409, FINAL, "The producer id does not belong to the transactional id."],
  INVALID_TRANSACTION_TIMEOUT: [50, 400, FINAL, "The transaction timeout is larger than the broker allows."],
  CONCURRENT_TRANSACTIONS: [51, 409, RETRIABLE, "Another operation on the same transaction is under way."],
  TRANSACTION_COORDINATOR_FENCED: [52, 409, FINAL, "A newer transaction coordinator took over."],
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: [53, 403, FINAL, "The token may not use this transactional id."],
  SECURITY_DISABLED: [54, 400, FINAL, "Security features are disabled."],
  OPERATION_NOT_ATTEMPTED: [55, 409, FINAL, "The operation was not tried, because another one in the request failed."],
  KAFKA_STORAGE_ERROR: [56, 503, RETRIABLE, "The partition's storage failed."],
  LOG_DIR_NOT_FOUND: [57, 404, FINAL, "The log directory does not exist."],
  SASL_AUTHENTICATION_FAILED: [58, 401, FINAL, "The credentials are missing or not valid."],
  UNKNOWN_PRODUCER_ID: [59, 409, FINAL, "The producer id is not known to the partition."],
  REASSIGNMENT_IN_PROGRESS: [60, 409, FINAL, "A partition reassignment is under way."],
  DELEGATION_TOKEN_AUTH_DISABLED: [61, 400, FINAL, "Delegation tokens are disabled."],
  DELEGATION_TOKEN_NOT_FOUND: [62, 404, FINAL, "The delegation token does not exist."],
  DELEGATION_TOKEN_OWNER_MISMATCH: [63, 403, FINAL, "The delegation token has another owner."],
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: [64, 403, FINAL, "Delegation tokens cannot be requested over this connection."],
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: [65, 403, FINAL, "The delegation token may not be used so."],
  DELEGATION_TOKEN_EXPIRED: [66, 401, FINAL, "The delegation token has expired."],
  INVALID_PRINCIPAL_TYPE: [67, 400, FINAL, "The principal type is not supported."],
  NON_EMPTY_GROUP: [68, 409, FINAL, "The group has members."],
  GROUP_ID_NOT_FOUND: [69, 404, FINAL, "The group does not exist."],
  FETCH_SESSION_ID_NOT_FOUND: [70, 404, RETRIABLE, "The fetch session does not exist."],
  INVALID_FETCH_SESSION_EPOCH: [71, 409, RETRIABLE, "The fetch session's epoch is not the expected one."],
  LISTENER_NOT_FOUND: [72, 404, RETRIABLE, "The listener does not exist."],
  TOPIC_DELETION_DISABLED: [73, 403, FINAL, "Topics cannot be deleted."],
  FENCED_LEADER_EPOCH: [74, 409, RETRIABLE, "The leader epoch in the request is older than the partition's."],
  UNKNOWN_LEADER_EPOCH: [75, 409, RETRIABLE, "The leader epoch in the request is newer than the partition's."],
  UNSUPPORTED_COMPRESSION_TYPE: [76, 415, FINAL, "The compression type is not supported here."],
  STALE_BROKER_EPOCH: [77, 409, FINAL, "The broker epoch is not the current one."],
  OFFSET_NOT_AVAILABLE: [78, 503, RETRIABLE, "The high watermark is not known yet."],
  MEMBER_ID_REQUIRED: [79, 400, FINAL, "The member must join again with the member id that the answer carries."],
  PREFERRED_LEADER_NOT_AVAILABLE: [80, 503, RETRIABLE, "The preferred leader is not available."],
  GROUP_MAX_SIZE_REACHED: [81, 429, FINAL, "The group has as many members as it may."],
  FENCED_INSTANCE_ID: [82, 409, FINAL, "Another member took over the group instance id."],
  ELIGIBLE_LEADERS_NOT_AVAILABLE: [83, 503, RETRIABLE, "No eligible leader is available."],
  ELECTION_NOT_NEEDED: [84, 409, RETRIABLE, "No leader election is needed."],
  NO_REASSIGNMENT_IN_PROGRESS: [85, 404, FINAL, "No partition reassignment is under way."],
  GROUP_SUBSCRIBED_TO_TOPIC: [86, 409, FINAL, "A member of the group is subscribed to the topic."],
  INVALID_RECORD: [87, 400, FINAL, "A record is not valid."],
  UNSTABLE_OFFSET_COMMIT: [88, 409, RETRIABLE, "There are transactional offset commits that are not decided yet."],
  THROTTLING_QUOTA_EXCEEDED: [89, 429, RETRIABLE, "The quota is exhausted for now."],
  PRODUCER_FENCED: [90, 409, FINAL, "A newer producer with the same transactional id took over."],
  RESOURCE_NOT_FOUND: [91, 404, FINAL, "The resource does not exist."],
  DUPLICATE_RESOURCE: [92, 409, FINAL, "The resource exists already."],
  UNACCEPTABLE_CREDENTIAL: [93, 400, FINAL, "The credential does not meet the requirements."],
  INCONSISTENT_VOTER_SET: [94, 409, FINAL, "The voter sets differ."],
  INVALID_UPDATE_VERSION: [95, 409, FINAL, "The update version is not valid."],
  FEATURE_UPDATE_FAILED: [96, 500, FINAL, "The feature update failed."],
  PRINCIPAL_DESERIALIZATION_FAILURE: [97, 400, FINAL, "The principal cannot be read."],
  SNAPSHOT_NOT_FOUND: [98, 404, FINAL, "The snapshot does not exist."],
  POSITION_OUT_OF_RANGE: [99, 416, FINAL, "The position is outside the snapshot."],
  UNKNOWN_TOPIC_ID: [100, 404, RETRIABLE, "No topic has this id."],
  DUPLICATE_BROKER_REGISTRATION: [101, 409, FINAL, "The broker id is in use."],
  BROKER_ID_NOT_REGISTERED: [102, 404, FINAL, "The broker id is not registered."],
  INCONSISTENT_TOPIC_ID: [103, 409, RETRIABLE, "The topic id does not fit the topic's name."],
  INCONSISTENT_CLUSTER_ID: [104, 409, FINAL, "The cluster id is not this cluster's."],
  TRANSACTIONAL_ID_NOT_FOUND: [105, 404, FINAL, "The transactional id does not exist."],
  FETCH_SESSION_TOPIC_ID_ERROR: [106, 409, RETRIABLE, "The fetch session uses topic ids inconsistently."],
  INELIGIBLE_REPLICA: [107, 409, FINAL, "The replica may not be in the in-sync set."],
  NEW_LEADER_ELECTED: [108, 409, FINAL, "A new leader was elected."],
  OFFSET_MOVED_TO_TIERED_STORAGE: [109, 416, FINAL, "The offset is in tiered storage."],
  FENCED_MEMBER_EPOCH: [110, 409, FINAL, "The member's epoch is not the one that the group knows: join again."],
  UNRELEASED_INSTANCE_ID: [111, 409, FINAL, "The group instance id is still held by another member."],
  UNSUPPORTED_ASSIGNOR: [112, 400, FINAL, "The assignor is not supported."],
  STALE_MEMBER_EPOCH: [113, 409, FINAL, "The member's epoch is stale: retry with the one from the next heartbeat."],
  MISMATCHED_ENDPOINT_TYPE: [114, 400, FINAL, "The request came to the wrong kind of endpoint."],
  UNSUPPORTED_ENDPOINT_TYPE: [115, 400, FINAL, "The endpoint type is not known."],
  UNKNOWN_CONTROLLER_ID: [116, 404, FINAL, "The controller id is not known."],
  UNKNOWN_SUBSCRIPTION_ID: [117, 404, FINAL, "The subscription id is not known."],
  TELEMETRY_TOO_LARGE: [118, 413, FINAL, "The telemetry is too large."],
  INVALID_REGISTRATION: [119, 400, FINAL, "The registration is not valid."],
  TRANSACTION_ABORTABLE: [120, 409, FINAL, "The transaction met an error and can only be aborted."],
  INVALID_RECORD_STATE: [121, 409, FINAL, "The record is not in a state that allows this acknowledgement."],
  SHARE_SESSION_NOT_FOUND: [122, 404, RETRIABLE, "The share session does not exist."],
  INVALID_SHARE_SESSION_EPOCH: [123, 409, RETRIABLE, "The share session's epoch is not the expected one."],
  FENCED_STATE_EPOCH: [124, 409, FINAL, "The share state's epoch is older than the stored one."],
  INVALID_VOTER_KEY: [125, 400, FINAL, "The voter's key does not match."],
  DUPLICATE_VOTER: [126, 409, FINAL, "The voter is in the set already."],
  VOTER_NOT_FOUND: [127, 404, FINAL, "The voter is not in the set."],
  INVALID_REGULAR_EXPRESSION: [128, 400, FINAL, "The regular expression is not valid."],
  REBOOTSTRAP_REQUIRED: [129, 409, FINAL, "The client's metadata is stale: it must bootstrap again."],
  SHARE_SESSION_LIMIT_REACHED: [133, 503, RETRIABLE, "There are as many share sessions as there may be."],
} as const satisfies Record<string, ErrorRow>;

/** The name of a Kafka error, e.g. `UNKNOWN_TOPIC_OR_PARTITION`. */
export type ErrorName = keyof typeof ERRORS;

/** What a use case answers instead of its result when the request, or its part for one partition, cannot be served. */
export interface Failure {
  readonly error: ErrorName;
  /** For people: names the offending input and what to do about it. */
  readonly detail: string;
}

export function failure(error: ErrorName, detail: string): Failure {
  return { error, detail };
}

export function isFailure(value: object): value is Failure {
  return "error" in value;
}

/** Whether a text is the name of an error in this table: a newer broker may know others. */
export function isErrorName(text: unknown): text is ErrorName {
  return typeof text === "string" && Object.hasOwn(ERRORS, text);
}

export function errorCode(name: ErrorName): number {
  return ERRORS[name][0];
}

export function errorHttpStatus(name: ErrorName): number {
  return ERRORS[name][1];
}

export function isRetriable(name: ErrorName): boolean {
  return ERRORS[name][2];
}

export function errorMessage(name: ErrorName): string {
  return ERRORS[name][3];
}
