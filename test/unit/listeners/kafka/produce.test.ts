// What a producer is told of the records that are why its batch is refused (KIP-467), over a broker that refuses them.

import { expect, test } from "vitest";
import { errorCode, failure } from "../../../../src/common/errors.ts";
import { API } from "../../../../src/protocol/api-keys.ts";
import { connectKafka } from "../../../support/kafka-connection.ts";
import { openResponse, requestFrame } from "../../../support/kafka-frames.ts";
import { MemoryBroker } from "../../../support/memory-broker.ts";
import { encodePlainBatch } from "../../../support/plain-batches.ts";

const REFUSED = failure("INVALID_RECORD", "each record needs a key");
const RECORDS = [0, 2].map((index) => ({ index, detail: `record ${index} has none` }));

/** How the one partition is answered. */
async function produce(version: number, refusal: object) {
  const broker = new MemoryBroker();
  broker.produceBatches = async () => ({ ...REFUSED, ...refusal });
  const records = encodePlainBatch(0, [{ key: null, value: new Uint8Array(1), timestamp: 0, headers: [] }]);
  const request = { transactionalId: null, acks: -1, timeoutMs: 1_000, topicData: [{ name: "t", partitionData: [{ index: 0, records }] }] };
  const { connection, sent } = connectKafka(broker);
  await connection.receive(requestFrame(API.produce, version, request));
  await connection.drain(); // produces are pipelined
  return openResponse(API.produce, version, sent[0]!).response.responses[0]!.partitionResponses[0]!;
}

test.each([8, 9, 11])("version %i names the records", async (version) => {
  expect(await produce(version, { records: RECORDS })).toMatchObject({
    errorCode: errorCode("INVALID_RECORD"),
    baseOffset: -1,
    errorMessage: REFUSED.detail,
    recordErrors: [
      { batchIndex: 0, batchIndexErrorMessage: "record 0 has none" },
      { batchIndex: 2, batchIndexErrorMessage: "record 2 has none" },
    ],
  });
});

test("version 7 has the error alone", async () => {
  expect(await produce(7, { records: RECORDS })).toMatchObject({
    errorCode: errorCode("INVALID_RECORD"),
    recordErrors: [],
    errorMessage: null,
  });
});

test("a refusal that is no record's names none", async () => {
  expect(await produce(9, {})).toMatchObject({ errorCode: errorCode("INVALID_RECORD"), recordErrors: [], errorMessage: REFUSED.detail });
});
