// Requests as kafkajs is asked for them, and what they say in Kafka's words, which is what our tables have to read from its bytes.

import { API, type Api } from "../../../src/protocol/api-keys.ts";

export interface RequestCase {
  readonly api: Api;
  /** kafkajs's folder. */
  readonly folder: string;
  readonly versions: readonly [first: number, last: number];
  readonly args: unknown;
  /** Those fields that every one of the versions has. */
  readonly expected: object;
}

const producer = { transactionalId: "txn", producerId: "4000000000", producerEpoch: 3 };
const group = { groupId: "g", groupGenerationId: 7, generationId: 7, memberId: "m-1" };
const offsets = [{ topic: "t", partitions: [{ partition: 2, offset: "9007199254740991", metadata: "note" }] }];
const committed = [{ name: "t", partitions: [{ partitionIndex: 2, committedOffset: 9007199254740991, committedMetadata: "note" }] }];

const produceArgs = {
  ...producer,
  acks: -1,
  timeout: 1500,
  topicData: [
    {
      topic: "t",
      partitions: [{ partition: 3, firstSequence: 0, messages: [{ key: "k", value: "v", timestamp: 1700000000000, headers: {} }] }],
    },
  ],
};

const fetchArgs = {
  replicaId: -1,
  maxWaitTime: 500,
  minBytes: 1,
  maxBytes: 10_000,
  isolationLevel: 1,
  rackId: "rack",
  topics: [{ topic: "t", partitions: [{ partition: 1, currentLeaderEpoch: -1, fetchOffset: "5000000000", maxBytes: 999 }] }],
};

const fetchExpected = {
  replicaId: -1,
  maxWaitMs: 500,
  minBytes: 1,
  maxBytes: 10_000,
  isolationLevel: 1,
  topics: [{ topic: "t", partitions: [{ partition: 1, currentLeaderEpoch: -1, fetchOffset: 5_000_000_000, partitionMaxBytes: 999 }] }],
};

const joinArgs = {
  ...group,
  sessionTimeout: 30_000,
  rebalanceTimeout: 60_000,
  protocolType: "consumer",
  groupInstanceId: "static",
  groupProtocols: [{ name: "range", metadata: Buffer.from("meta") }],
};
const joinExpected = { groupId: "g", sessionTimeoutMs: 30_000, memberId: "m-1", protocolType: "consumer", protocols: [{ name: "range" }] };

const syncArgs = { ...group, groupInstanceId: null, groupAssignment: [{ memberId: "m-1", memberAssignment: Buffer.from("share") }] };
const syncExpected = { groupId: "g", generationId: 7, memberId: "m-1", groupInstanceId: null, assignments: [{ memberId: "m-1" }] };

const topicsArgs = {
  topics: [
    { topic: "t", numPartitions: 3, replicationFactor: 1, configEntries: [{ name: "retention.ms", value: "1000" }] },
    { topic: "u", replicaAssignment: [{ partition: 0, replicas: [1, 2] }] },
  ],
  timeout: 900,
  validateOnly: true,
};
const topicsExpected = {
  topics: [
    { name: "t", numPartitions: 3, replicationFactor: 1, assignments: [], configs: [{ name: "retention.ms", value: "1000" }] },
    { name: "u", numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [1, 2] }], configs: [] },
  ],
  timeoutMs: 900,
  validateOnly: true,
};

export const REQUESTS: readonly RequestCase[] = [
  {
    api: API.produce,
    folder: "produce",
    versions: [3, 7],
    args: produceArgs,
    expected: { transactionalId: "txn", acks: -1, timeoutMs: 1500, topicData: [{ name: "t", partitionData: [{ index: 3 }] }] },
  },
  { api: API.fetch, folder: "fetch", versions: [4, 11], args: fetchArgs, expected: fetchExpected },
  {
    api: API.fetch,
    folder: "fetch",
    versions: [7, 11],
    args: fetchArgs,
    expected: { sessionId: 0, sessionEpoch: -1, forgottenTopicsData: [] },
  },
  { api: API.fetch, folder: "fetch", versions: [11, 11], args: fetchArgs, expected: { rackId: "rack" } },
  {
    api: API.listOffsets,
    folder: "listOffsets",
    versions: [1, 3],
    args: { replicaId: -1, isolationLevel: 1, topics: [{ topic: "t", partitions: [{ partition: 4, timestamp: -2 }] }] },
    expected: { replicaId: -1, topics: [{ name: "t", partitions: [{ partitionIndex: 4, timestamp: -2 }] }] },
  },
  {
    api: API.metadata,
    folder: "metadata",
    versions: [0, 6],
    args: { topics: ["t", "u"], allowAutoTopicCreation: false },
    expected: { topics: [{ name: "t" }, { name: "u" }] },
  },
  { api: API.metadata, folder: "metadata", versions: [1, 6], args: { topics: [] }, expected: { topics: null } },
  {
    api: API.metadata,
    folder: "metadata",
    versions: [4, 6],
    args: { topics: ["t"], allowAutoTopicCreation: false },
    expected: { allowAutoTopicCreation: false },
  },
  {
    api: API.offsetCommit,
    folder: "offsetCommit",
    versions: [2, 5],
    args: { ...group, retentionTime: -1, topics: offsets },
    expected: { groupId: "g", generationIdOrMemberEpoch: 7, memberId: "m-1", retentionTimeMs: -1n, topics: committed },
  },
  {
    api: API.offsetFetch,
    folder: "offsetFetch",
    versions: [1, 4],
    args: { groupId: "g", topics: [{ topic: "t", partitions: [{ partition: 1 }, { partition: 2 }] }] },
    expected: { groupId: "g", topics: [{ name: "t", partitionIndexes: [1, 2] }] },
  },
  { api: API.findCoordinator, folder: "findCoordinator", versions: [0, 0], args: { groupId: "g" }, expected: { key: "g", keyType: 0 } },
  {
    api: API.findCoordinator,
    folder: "findCoordinator",
    versions: [1, 2],
    args: { coordinatorKey: "txn", coordinatorType: 1 },
    expected: { key: "txn", keyType: 1 },
  },
  { api: API.joinGroup, folder: "joinGroup", versions: [0, 5], args: joinArgs, expected: joinExpected },
  { api: API.joinGroup, folder: "joinGroup", versions: [1, 5], args: joinArgs, expected: { rebalanceTimeoutMs: 60_000 } },
  { api: API.joinGroup, folder: "joinGroup", versions: [5, 5], args: joinArgs, expected: { groupInstanceId: "static" } },
  { api: API.heartbeat, folder: "heartbeat", versions: [0, 3], args: group, expected: { groupId: "g", generationId: 7, memberId: "m-1" } },
  { api: API.leaveGroup, folder: "leaveGroup", versions: [0, 2], args: group, expected: { groupId: "g", memberId: "m-1" } },
  {
    api: API.leaveGroup,
    folder: "leaveGroup",
    versions: [3, 3],
    args: { groupId: "g", members: [{ memberId: "m-1", groupInstanceId: "static" }, { memberId: "m-2" }] },
    expected: {
      members: [
        { memberId: "m-1", groupInstanceId: "static" },
        { memberId: "m-2", groupInstanceId: null },
      ],
    },
  },
  { api: API.syncGroup, folder: "syncGroup", versions: [0, 3], args: syncArgs, expected: syncExpected },
  { api: API.describeGroups, folder: "describeGroups", versions: [0, 2], args: { groupIds: ["g", "h"] }, expected: { groups: ["g", "h"] } },
  { api: API.listGroups, folder: "listGroups", versions: [0, 2], args: {}, expected: {} },
  { api: API.saslHandshake, folder: "saslHandshake", versions: [0, 1], args: { mechanism: "PLAIN" }, expected: { mechanism: "PLAIN" } },
  { api: API.apiVersions, folder: "apiVersions", versions: [0, 2], args: {}, expected: {} },
  { api: API.createTopics, folder: "createTopics", versions: [2, 3], args: topicsArgs, expected: topicsExpected },
  {
    api: API.deleteTopics,
    folder: "deleteTopics",
    versions: [1, 1],
    args: { topics: ["t"], timeout: 900 },
    expected: { topicNames: ["t"], timeoutMs: 900 },
  },
  {
    api: API.deleteRecords,
    folder: "deleteRecords",
    versions: [0, 1],
    args: { topics: [{ topic: "t", partitions: [{ partition: 1, offset: "12" }] }], timeout: 900 },
    expected: { topics: [{ name: "t", partitions: [{ partitionIndex: 1, offset: 12 }] }], timeoutMs: 900 },
  },
  {
    api: API.initProducerId,
    folder: "initProducerId",
    versions: [0, 1],
    args: { transactionalId: null, transactionTimeout: 60_000 },
    expected: { transactionalId: null, transactionTimeoutMs: 60_000 },
  },
  {
    api: API.addPartitionsToTxn,
    folder: "addPartitionsToTxn",
    versions: [0, 1],
    args: { ...producer, topics: [{ topic: "t", partitions: [1, 2] }] },
    expected: {
      v3AndBelowTransactionalId: "txn",
      v3AndBelowProducerId: 4_000_000_000,
      v3AndBelowProducerEpoch: 3,
      v3AndBelowTopics: [{ name: "t", partitions: [1, 2] }],
    },
  },
  {
    api: API.addOffsetsToTxn,
    folder: "addOffsetsToTxn",
    versions: [0, 1],
    args: { ...producer, groupId: "g" },
    expected: { transactionalId: "txn", producerId: 4_000_000_000, producerEpoch: 3, groupId: "g" },
  },
  {
    api: API.endTxn,
    folder: "endTxn",
    versions: [0, 1],
    args: { ...producer, transactionResult: true },
    expected: { transactionalId: "txn", producerId: 4_000_000_000, producerEpoch: 3, committed: true },
  },
  {
    api: API.txnOffsetCommit,
    folder: "txnOffsetCommit",
    versions: [0, 1],
    args: { ...producer, groupId: "g", topics: offsets },
    expected: { transactionalId: "txn", groupId: "g", producerId: 4_000_000_000, producerEpoch: 3, topics: committed },
  },
  {
    api: API.describeConfigs,
    folder: "describeConfigs",
    versions: [1, 2],
    args: { resources: [{ type: 2, name: "t", configNames: ["retention.ms"] }], includeSynonyms: true },
    expected: { resources: [{ resourceType: 2, resourceName: "t", configurationKeys: ["retention.ms"] }], includeSynonyms: true },
  },
  {
    api: API.alterConfigs,
    folder: "alterConfigs",
    versions: [0, 1],
    args: { resources: [{ type: 2, name: "t", configEntries: [{ name: "a", value: null }] }], validateOnly: true },
    expected: { resources: [{ resourceType: 2, resourceName: "t", configs: [{ name: "a", value: null }] }], validateOnly: true },
  },
  {
    api: API.saslAuthenticate,
    folder: "saslAuthenticate",
    versions: [0, 1],
    args: { authBytes: Buffer.from([0, 0, 0, 2, 0x68, 0x69]) },
    expected: {},
  },
  {
    api: API.createPartitions,
    folder: "createPartitions",
    versions: [0, 1],
    args: { topicPartitions: [{ topic: "t", count: 6, assignments: [[1], [2]] }], timeout: 900, validateOnly: true },
    expected: {
      topics: [{ name: "t", count: 6, assignments: [{ brokerIds: [1] }, { brokerIds: [2] }] }],
      timeoutMs: 900,
      validateOnly: true,
    },
  },
  { api: API.deleteGroups, folder: "deleteGroups", versions: [0, 1], args: ["g", "h"], expected: { groupsNames: ["g", "h"] } },
];
