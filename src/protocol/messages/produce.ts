// Produce (key 0).
//
// 3: transactions and record batches of magic 2; before it, message sets, which nobody may send any more (KIP-896)
// 5: logStartOffset   7: zstd is allowed   8: recordErrors (KIP-467)   9: flexible   10: the new leader, tagged (KIP-951)
// 11: TRANSACTION_ABORTABLE may be answered   12: adds its partitions to the transaction itself (KIP-890)   13: topics by id (KIP-516)

import { array, hotStruct, int16, int32, int64, records, string, struct, uuid } from "../fields.ts";
import { message } from "../message.ts";
import { leaderIdAndEpoch, nodeEndpoint } from "./shared.ts";

export const produceRequest = message("ProduceRequest", "0-13", "9+", {
  transactionalId: string("3+", { nullable: true, default: null }),
  acks: int16(),
  timeoutMs: int32(),
  topicData: array({
    name: string("0-12"),
    topicId: uuid("13+"),
    partitionData: array(
      hotStruct({ index: int32(), records: records({ nullable: true }) }, (read) => (reader) => ({
        index: read.index(reader),
        records: read.records(reader),
      })),
    ),
  }),
});

export const produceResponse = message("ProduceResponse", "0-13", "9+", {
  responses: array({
    name: string("0-12"),
    topicId: uuid("13+"),
    partitionResponses: array({
      index: int32(),
      errorCode: int16(),
      baseOffset: int64(),
      logAppendTimeMs: int64("2+", { default: -1 }),
      logStartOffset: int64("5+", { default: -1 }),
      recordErrors: array(
        {
          batchIndex: int32(),
          batchIndexErrorMessage: string({ nullable: true, default: null }),
        },
        "8+",
      ),
      errorMessage: string("8+", { nullable: true, default: null }),
      currentLeader: struct(leaderIdAndEpoch, "10+", { tag: 0 }),
    }),
  }),
  throttleTimeMs: int32("1+", { default: 0 }),
  nodeEndpoints: array(nodeEndpoint, "10+", { tag: 0 }),
});
