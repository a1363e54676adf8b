// InitProducerId (key 22), AddPartitionsToTxn (24), AddOffsetsToTxn (25), EndTxn (26) and TxnOffsetCommit (28): what producers call.
//
// InitProducerId       2: flexible   3: the epoch can be raised (KIP-360)   4: PRODUCER_FENCED   5: TRANSACTION_ABORTABLE
// AddPartitionsToTxn   3: flexible   4: several transactions, between brokers (KIP-890)   5: TRANSACTION_ABORTABLE
// AddOffsetsToTxn      3: flexible   4: TRANSACTION_ABORTABLE
// EndTxn               3: flexible   4: TRANSACTION_ABORTABLE   5: answers the next producer epoch (KIP-890)
// TxnOffsetCommit      2: leader epochs   3: flexible, the member (KIP-447)   4: TRANSACTION_ABORTABLE   5: the same bytes (KIP-890)

import { array, bool, int16, int32, int64, string } from "../fields.ts";
import { message } from "../message.ts";

export const initProducerIdRequest = message("InitProducerIdRequest", "0-5", "2+", {
  transactionalId: string({ nullable: true }),
  transactionTimeoutMs: int32(),
  producerId: int64("3+", { default: -1 }),
  producerEpoch: int16("3+", { default: -1 }),
});

export const initProducerIdResponse = message("InitProducerIdResponse", "0-5", "2+", {
  throttleTimeMs: int32(),
  errorCode: int16(),
  producerId: int64({ default: -1 }),
  producerEpoch: int16(),
});

const addPartitionsToTxnTopic = {
  name: string(),
  partitions: array(int32()),
};

export const addPartitionsToTxnRequest = message("AddPartitionsToTxnRequest", "0-5", "3+", {
  transactions: array(
    {
      transactionalId: string(),
      producerId: int64(),
      producerEpoch: int16(),
      verifyOnly: bool({ default: false }),
      topics: array(addPartitionsToTxnTopic),
    },
    "4+",
  ),
  v3AndBelowTransactionalId: string("0-3"),
  v3AndBelowProducerId: int64("0-3"),
  v3AndBelowProducerEpoch: int16("0-3"),
  v3AndBelowTopics: array(addPartitionsToTxnTopic, "0-3"),
});

const addPartitionsToTxnPartitionResult = {
  partitionIndex: int32(),
  partitionErrorCode: int16(),
};

const addPartitionsToTxnTopicResult = {
  name: string(),
  resultsByPartition: array(addPartitionsToTxnPartitionResult),
};

export const addPartitionsToTxnResponse = message("AddPartitionsToTxnResponse", "0-5", "3+", {
  throttleTimeMs: int32(),
  errorCode: int16("4+"),
  resultsByTransaction: array(
    {
      transactionalId: string(),
      topicResults: array(addPartitionsToTxnTopicResult),
    },
    "4+",
  ),
  resultsByTopicV3AndBelow: array(addPartitionsToTxnTopicResult, "0-3"),
});

export const addOffsetsToTxnRequest = message("AddOffsetsToTxnRequest", "0-4", "3+", {
  transactionalId: string(),
  producerId: int64(),
  producerEpoch: int16(),
  groupId: string(),
});

export const addOffsetsToTxnResponse = message("AddOffsetsToTxnResponse", "0-4", "3+", {
  throttleTimeMs: int32(),
  errorCode: int16(),
});

export const endTxnRequest = message("EndTxnRequest", "0-5", "3+", {
  transactionalId: string(),
  producerId: int64(),
  producerEpoch: int16(),
  committed: bool(),
});

export const endTxnResponse = message("EndTxnResponse", "0-5", "3+", {
  throttleTimeMs: int32(),
  errorCode: int16(),
  producerId: int64("5+", { default: -1 }),
  producerEpoch: int16("5+", { default: -1 }),
});

export const txnOffsetCommitRequest = message("TxnOffsetCommitRequest", "0-5", "3+", {
  transactionalId: string(),
  groupId: string(),
  producerId: int64(),
  producerEpoch: int16(),
  generationId: int32("3+", { default: -1 }),
  memberId: string("3+", { default: "" }),
  groupInstanceId: string("3+", { nullable: true, default: null }),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      committedOffset: int64(),
      committedLeaderEpoch: int32("2+", { default: -1 }),
      committedMetadata: string({ nullable: true }),
    }),
  }),
});

export const txnOffsetCommitResponse = message("TxnOffsetCommitResponse", "0-5", "3+", {
  throttleTimeMs: int32(),
  topics: array({
    name: string(),
    partitions: array({ partitionIndex: int32(), errorCode: int16() }),
  }),
});
