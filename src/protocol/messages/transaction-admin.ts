// WriteTxnMarkers (key 27), DescribeTransactions (65) and ListTransactions (66): transactions seen from outside.
//
// WriteTxnMarkers    1: flexible
// ListTransactions   1: by age (KIP-994)

import { array, bool, int16, int32, int64, opaqueInt64, string } from "../fields.ts";
import { message } from "../message.ts";

export const writeTxnMarkersRequest = message("WriteTxnMarkersRequest", "0-1", "1+", {
  markers: array({
    producerId: int64(),
    producerEpoch: int16(),
    transactionResult: bool(),
    topics: array({ name: string(), partitionIndexes: array(int32()) }),
    coordinatorEpoch: int32(),
  }),
});

export const writeTxnMarkersResponse = message("WriteTxnMarkersResponse", "0-1", "1+", {
  markers: array({
    producerId: int64(),
    topics: array({
      name: string(),
      partitions: array({ partitionIndex: int32(), errorCode: int16() }),
    }),
  }),
});

export const describeTransactionsRequest = message("DescribeTransactionsRequest", "0", "0+", {
  transactionalIds: array(string()),
});

export const describeTransactionsResponse = message("DescribeTransactionsResponse", "0", "0+", {
  throttleTimeMs: int32(),
  transactionStates: array({
    errorCode: int16(),
    transactionalId: string(),
    transactionState: string(),
    transactionTimeoutMs: int32(),
    transactionStartTimeMs: int64(),
    producerId: int64(),
    producerEpoch: int16(),
    topics: array({ topic: string(), partitions: array(int32()) }),
  }),
});

export const listTransactionsRequest = message("ListTransactionsRequest", "0-1", "0+", {
  stateFilters: array(string()),
  producerIdFilters: array(int64()),
  durationFilter: opaqueInt64("1+", { default: -1n }),
});

export const listTransactionsResponse = message("ListTransactionsResponse", "0-1", "0+", {
  throttleTimeMs: int32(),
  errorCode: int16(),
  unknownStateFilters: array(string()),
  transactionStates: array({ transactionalId: string(), producerId: int64(), transactionState: string() }),
});
