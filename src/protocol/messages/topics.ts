// CreateTopics (key 19), DeleteTopics (20), DeleteRecords (21) and CreatePartitions (37).
//
// CreateTopics       4: -1 for the broker's defaults (KIP-464)   5: flexible, answers configs (KIP-525)   6: quotas   7: topic id
// DeleteTopics       4: flexible   5: error messages   6: by topic id (KIP-516)
// DeleteRecords      2: flexible
// CreatePartitions   2: flexible   3: quotas

import { array, bool, int8, int16, int32, int64, string, uuid } from "../fields.ts";
import { message } from "../message.ts";

export const createTopicsRequest = message("CreateTopicsRequest", "2-7", "5+", {
  topics: array({
    name: string(),
    numPartitions: int32(),
    replicationFactor: int16(),
    assignments: array({ partitionIndex: int32(), brokerIds: array(int32()) }),
    configs: array({ name: string(), value: string({ nullable: true }) }),
  }),
  timeoutMs: int32({ default: 60_000 }),
  validateOnly: bool({ default: false }),
});

export const createTopicsResponse = message("CreateTopicsResponse", "2-7", "5+", {
  throttleTimeMs: int32(),
  topics: array({
    name: string(),
    topicId: uuid("7+"),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    topicConfigErrorCode: int16("5+", { tag: 0 }),
    numPartitions: int32("5+", { default: -1 }),
    replicationFactor: int16("5+", { default: -1 }),
    configs: array(
      {
        name: string(),
        value: string({ nullable: true }),
        readOnly: bool(),
        configSource: int8({ default: -1 }),
        isSensitive: bool(),
      },
      "5+",
      { nullable: true },
    ),
  }),
});

export const deleteTopicsRequest = message("DeleteTopicsRequest", "1-6", "4+", {
  topics: array({ name: string({ nullable: true, default: null }), topicId: uuid() }, "6+"),
  topicNames: array(string(), "1-5"),
  timeoutMs: int32(),
});

export const deleteTopicsResponse = message("DeleteTopicsResponse", "1-6", "4+", {
  throttleTimeMs: int32(),
  responses: array({
    name: string({ nullable: "6+" }),
    topicId: uuid("6+"),
    errorCode: int16(),
    errorMessage: string("5+", { nullable: true, default: null }),
  }),
});

export const deleteRecordsRequest = message("DeleteRecordsRequest", "0-2", "2+", {
  topics: array({
    name: string(),
    partitions: array({ partitionIndex: int32(), offset: int64() }),
  }),
  timeoutMs: int32(),
});

export const deleteRecordsResponse = message("DeleteRecordsResponse", "0-2", "2+", {
  throttleTimeMs: int32(),
  topics: array({
    name: string(),
    partitions: array({ partitionIndex: int32(), lowWatermark: int64(), errorCode: int16() }),
  }),
});

export const createPartitionsRequest = message("CreatePartitionsRequest", "0-3", "2+", {
  topics: array({
    name: string(),
    count: int32(),
    assignments: array({ brokerIds: array(int32()) }, { nullable: true }),
  }),
  timeoutMs: int32(),
  validateOnly: bool(),
});

export const createPartitionsResponse = message("CreatePartitionsResponse", "0-3", "2+", {
  throttleTimeMs: int32(),
  results: array({
    name: string(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
  }),
});
