// Responses in Kafka's words, and what kafkajs reads from the bytes that our tables make of them.

import { API, type Api } from "../../../src/protocol/api-keys.ts";

export interface ResponseCase {
  readonly api: Api;
  /** kafkajs's folder. */
  readonly folder: string;
  readonly versions: readonly [first: number, last: number];
  readonly response: Record<string, unknown>;
  /** What kafkajs reads in every one of the versions. */
  readonly expected: object;
}

const RESULT = { partition: 1, errorCode: 3, baseOffset: "5000000000", logAppendTime: "-1" };

const fetchResponse = {
  throttleTimeMs: 12,
  errorCode: 0,
  sessionId: 0,
  responses: [
    {
      topic: "t",
      partitions: [
        {
          partitionIndex: 1,
          errorCode: 0,
          highWatermark: 100,
          lastStableOffset: 90,
          logStartOffset: 10,
          abortedTransactions: [{ producerId: 4_000_000_000, firstOffset: 33 }],
          records: null,
        },
      ],
    },
  ],
};
const fetchPartition = { partition: 1, errorCode: 0, highWatermark: "100", lastStableOffset: "90", messages: [] };

const metadataResponse = {
  throttleTimeMs: 12,
  brokers: [{ nodeId: 1, host: "localhost", port: 9092, rack: null }],
  clusterId: "cluster",
  controllerId: 1,
  topics: [
    {
      errorCode: 0,
      name: "t",
      isInternal: true,
      partitions: [{ errorCode: 0, partitionIndex: 5, leaderId: 1, replicaNodes: [1, 2], isrNodes: [1], offlineReplicas: [2] }],
    },
  ],
};
const metadataPartition = { partitionErrorCode: 0, partitionId: 5, leader: 1, replicas: [1, 2], isr: [1] };

const joinResponse = {
  throttleTimeMs: 12,
  errorCode: 0,
  generationId: 8,
  protocolName: "range",
  leader: "m-1",
  memberId: "m-2",
  members: [{ memberId: "m-2", groupInstanceId: "static", metadata: Buffer.from("meta") }],
};

const describedGroup = {
  errorCode: 0,
  groupId: "g",
  groupState: "Stable",
  protocolType: "consumer",
  protocolData: "range",
  members: [
    {
      memberId: "m-1",
      clientId: "c",
      clientHost: "/127.0.0.1",
      memberMetadata: Buffer.from("meta"),
      memberAssignment: Buffer.from("share"),
    },
  ],
};

const config = { name: "retention.ms", value: "1000", readOnly: false, configSource: 1, isSensitive: false };
const described = { errorCode: 0, errorMessage: null, resourceType: 2, resourceName: "t" };
const synonyms = [{ name: "log.retention.ms", value: null, source: 5 }];

export const RESPONSES: readonly ResponseCase[] = [
  {
    api: API.produce,
    folder: "produce",
    versions: [3, 7],
    response: {
      responses: [{ name: "t", partitionResponses: [{ index: 1, errorCode: 3, baseOffset: 5_000_000_000, logStartOffset: 7 }] }],
      throttleTimeMs: 12,
    },
    expected: { topics: [{ topicName: "t", partitions: [RESULT] }] },
  },
  {
    api: API.fetch,
    folder: "fetch",
    versions: [4, 11],
    response: fetchResponse,
    expected: { responses: [{ topicName: "t", partitions: [fetchPartition] }] },
  },
  {
    api: API.listOffsets,
    folder: "listOffsets",
    versions: [1, 3],
    response: { topics: [{ name: "t", partitions: [{ partitionIndex: 4, errorCode: 0, timestamp: -1, offset: 42 }] }] },
    expected: { responses: [{ topic: "t", partitions: [{ partition: 4, errorCode: 0, timestamp: "-1", offset: "42" }] }] },
  },
  {
    api: API.metadata,
    folder: "metadata",
    versions: [0, 6],
    response: metadataResponse,
    expected: {
      brokers: [{ nodeId: 1, host: "localhost", port: 9092 }],
      topicMetadata: [{ topicErrorCode: 0, topic: "t", partitionMetadata: [metadataPartition] }],
    },
  },
  {
    api: API.metadata,
    folder: "metadata",
    versions: [2, 6],
    response: metadataResponse,
    expected: { clusterId: "cluster", controllerId: 1 },
  },
  {
    api: API.metadata,
    folder: "metadata",
    versions: [5, 6],
    response: metadataResponse,
    expected: { topicMetadata: [{ isInternal: true, partitionMetadata: [{ offlineReplicas: [2] }] }] },
  },
  {
    api: API.offsetCommit,
    folder: "offsetCommit",
    versions: [2, 5],
    response: { topics: [{ name: "t", partitions: [{ partitionIndex: 2, errorCode: 25 }] }] },
    expected: { responses: [{ topic: "t", partitions: [{ partition: 2, errorCode: 25 }] }] },
  },
  {
    api: API.offsetFetch,
    folder: "offsetFetch",
    versions: [1, 4],
    response: { topics: [{ name: "t", partitions: [{ partitionIndex: 2, committedOffset: -1, metadata: "", errorCode: 0 }] }] },
    expected: { responses: [{ topic: "t", partitions: [{ partition: 2, offset: "-1", metadata: "", errorCode: 0 }] }] },
  },
  {
    api: API.findCoordinator,
    folder: "findCoordinator",
    versions: [0, 2],
    response: { errorCode: 0, errorMessage: null, nodeId: 1, host: "localhost", port: 9092 },
    expected: { errorCode: 0, coordinator: { nodeId: 1, host: "localhost", port: 9092 } },
  },
  {
    api: API.joinGroup,
    folder: "joinGroup",
    versions: [0, 5],
    response: joinResponse,
    expected: {
      errorCode: 0,
      generationId: 8,
      groupProtocol: "range",
      leaderId: "m-1",
      memberId: "m-2",
      members: [{ memberId: "m-2", memberMetadata: Buffer.from("meta") }],
    },
  },
  {
    api: API.joinGroup,
    folder: "joinGroup",
    versions: [5, 5],
    response: joinResponse,
    expected: { members: [{ groupInstanceId: "static" }] },
  },
  { api: API.heartbeat, folder: "heartbeat", versions: [0, 3], response: { errorCode: 27 }, expected: { errorCode: 27 } },
  { api: API.leaveGroup, folder: "leaveGroup", versions: [0, 2], response: { errorCode: 25 }, expected: { errorCode: 25 } },
  {
    api: API.leaveGroup,
    folder: "leaveGroup",
    versions: [3, 3],
    response: { errorCode: 0, members: [{ memberId: "m-1", groupInstanceId: null, errorCode: 25 }] },
    expected: { errorCode: 0, members: [{ memberId: "m-1", groupInstanceId: null, errorCode: 25 }] },
  },
  {
    api: API.syncGroup,
    folder: "syncGroup",
    versions: [0, 3],
    response: { errorCode: 0, assignment: Buffer.from("share") },
    expected: { errorCode: 0, memberAssignment: Buffer.from("share") },
  },
  {
    api: API.describeGroups,
    folder: "describeGroups",
    versions: [0, 2],
    response: { groups: [describedGroup] },
    expected: {
      groups: [
        { errorCode: 0, groupId: "g", state: "Stable", protocolType: "consumer", protocol: "range", members: describedGroup.members },
      ],
    },
  },
  {
    api: API.listGroups,
    folder: "listGroups",
    versions: [0, 2],
    response: { errorCode: 0, groups: [{ groupId: "g", protocolType: "consumer" }] },
    expected: { errorCode: 0, groups: [{ groupId: "g", protocolType: "consumer" }] },
  },
  {
    api: API.saslHandshake,
    folder: "saslHandshake",
    versions: [0, 1],
    response: { errorCode: 33, mechanisms: ["PLAIN", "SCRAM-SHA-256"] },
    expected: { errorCode: 33, enabledMechanisms: ["PLAIN", "SCRAM-SHA-256"] },
  },
  {
    api: API.apiVersions,
    folder: "apiVersions",
    versions: [0, 2],
    response: { errorCode: 0, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }] },
    expected: { errorCode: 0, apiVersions: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }] },
  },
  {
    api: API.createTopics,
    folder: "createTopics",
    versions: [2, 3],
    response: { throttleTimeMs: 12, topics: [{ name: "t", errorCode: 36, errorMessage: "exists" }] },
    expected: { topicErrors: [{ topic: "t", errorCode: 36, errorMessage: "exists" }] },
  },
  {
    api: API.deleteTopics,
    folder: "deleteTopics",
    versions: [1, 1],
    response: { throttleTimeMs: 12, responses: [{ name: "t", errorCode: 3 }] },
    expected: { topicErrors: [{ topic: "t", errorCode: 3 }] },
  },
  {
    api: API.initProducerId,
    folder: "initProducerId",
    versions: [0, 1],
    response: { throttleTimeMs: 12, errorCode: 0, producerId: 4_000_000_000, producerEpoch: 3 },
    expected: { errorCode: 0, producerId: "4000000000", producerEpoch: 3 },
  },
  {
    api: API.addPartitionsToTxn,
    folder: "addPartitionsToTxn",
    versions: [0, 1],
    response: {
      throttleTimeMs: 12,
      resultsByTopicV3AndBelow: [{ name: "t", resultsByPartition: [{ partitionIndex: 2, partitionErrorCode: 48 }] }],
    },
    expected: { errors: [{ topic: "t", partitionErrors: [{ partition: 2, errorCode: 48 }] }] },
  },
  {
    api: API.addOffsetsToTxn,
    folder: "addOffsetsToTxn",
    versions: [0, 1],
    response: { throttleTimeMs: 12, errorCode: 48 },
    expected: { errorCode: 48 },
  },
  { api: API.endTxn, folder: "endTxn", versions: [0, 1], response: { throttleTimeMs: 12, errorCode: 47 }, expected: { errorCode: 47 } },
  {
    api: API.txnOffsetCommit,
    folder: "txnOffsetCommit",
    versions: [0, 1],
    response: { throttleTimeMs: 12, topics: [{ name: "t", partitions: [{ partitionIndex: 2, errorCode: 25 }] }] },
    expected: { topics: [{ topic: "t", partitions: [{ partition: 2, errorCode: 25 }] }] },
  },
  {
    api: API.describeConfigs,
    folder: "describeConfigs",
    versions: [1, 2],
    response: { throttleTimeMs: 12, results: [{ ...described, configs: [{ ...config, synonyms }] }] },
    expected: {
      resources: [
        {
          errorCode: 0,
          errorMessage: null,
          resourceType: 2,
          resourceName: "t",
          configEntries: [
            {
              configName: "retention.ms",
              configValue: "1000",
              readOnly: false,
              configSource: 1,
              isSensitive: false,
              configSynonyms: [{ configName: "log.retention.ms", configValue: null, configSource: 5 }],
            },
          ],
        },
      ],
    },
  },
  {
    api: API.alterConfigs,
    folder: "alterConfigs",
    versions: [0, 1],
    response: { throttleTimeMs: 12, responses: [described] },
    expected: { resources: [described] },
  },
  {
    api: API.saslAuthenticate,
    folder: "saslAuthenticate",
    versions: [0, 1],
    response: { errorCode: 58, errorMessage: "no", authBytes: Buffer.from("hi"), sessionLifetimeMs: 60_000 },
    expected: { errorCode: 58, errorMessage: "no" },
  },
  {
    api: API.createPartitions,
    folder: "createPartitions",
    versions: [0, 1],
    response: { throttleTimeMs: 12, results: [{ name: "t", errorCode: 37, errorMessage: "fewer" }] },
    expected: { topicErrors: [{ topic: "t", errorCode: 37, errorMessage: "fewer" }] },
  },
  {
    api: API.deleteGroups,
    folder: "deleteGroups",
    versions: [0, 1],
    response: { throttleTimeMs: 12, results: [{ groupId: "g", errorCode: 68 }] },
    expected: { results: [{ groupId: "g", errorCode: 68 }] },
  },
];
