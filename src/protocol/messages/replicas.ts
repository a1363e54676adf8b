// DescribeLogDirs (key 35) and DescribeProducers (61): what a broker holds of its partitions.
//
// DescribeLogDirs   2: flexible   3: an error for the whole answer   4: size of the volume (KIP-827)

import { array, bool, int16, int32, int64, string } from "../fields.ts";
import { message } from "../message.ts";

export const describeLogDirsRequest = message("DescribeLogDirsRequest", "1-4", "2+", {
  topics: array({ topic: string(), partitions: array(int32()) }, { nullable: true }),
});

export const describeLogDirsResponse = message("DescribeLogDirsResponse", "1-4", "2+", {
  throttleTimeMs: int32(),
  errorCode: int16("3+"),
  results: array({
    errorCode: int16(),
    logDir: string(),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        partitionSize: int64(),
        offsetLag: int64(),
        isFutureKey: bool(),
      }),
    }),
    totalBytes: int64("4+", { default: -1 }),
    usableBytes: int64("4+", { default: -1 }),
  }),
});

export const describeProducersRequest = message("DescribeProducersRequest", "0", "0+", {
  topics: array({ name: string(), partitionIndexes: array(int32()) }),
});

export const describeProducersResponse = message("DescribeProducersResponse", "0", "0+", {
  throttleTimeMs: int32(),
  topics: array({
    name: string(),
    partitions: array({
      partitionIndex: int32(),
      errorCode: int16(),
      errorMessage: string({ nullable: true, default: null }),
      activeProducers: array({
        producerId: int64(),
        producerEpoch: int32(),
        lastSequence: int32({ default: -1 }),
        lastTimestamp: int64({ default: -1 }),
        coordinatorEpoch: int32(),
        currentTxnStartOffset: int64({ default: -1 }),
      }),
    }),
  }),
});
