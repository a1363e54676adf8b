// The process that exactly-once.ts kills: reads batches of the input as a member of a group, and writes an output record for each input
// record, with the group's offsets, in one transaction.
//
//   node test/e2e/exactly-once-transformer.ts HOST:PORT INPUT OUTPUT

import type { EachBatchPayload } from "kafkajs";
import { kafkaClient } from "../support/kafka-clients.ts";
import { kafkajs } from "../support/kafkajs.ts";

const TRANSACTIONAL_ID = "exactly-once";
const GROUP_ID = "exactly-once";

/** One transaction in so many is aborted, and its input read again. */
const ABORT_EVERY = 5;
const MAX_RECORDS_PER_TRANSACTION = 20;

const [address, input, output] = process.argv.slice(2) as [string, string, string];
const client = kafkaClient(address);
const consumer = client.consumer({ groupId: GROUP_ID, sessionTimeout: 6_000, heartbeatInterval: 300, maxWaitTimeInMs: 200 });
const producer = client.producer({
  createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  transactionalId: TRANSACTIONAL_ID,
  idempotent: true,
  maxInFlightRequests: 1,
});
let transactions = 0;

// A client that does not know how to go on ends, and another one takes over.
process.on("unhandledRejection", () => process.exit(1));
consumer.on("consumer.crash", () => process.exit(1));

await producer.connect();
await consumer.connect();
await consumer.subscribe({ topics: [input], fromBeginning: true });
await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: transformBatch });

async function transformBatch({ batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload): Promise<void> {
  const { partition, messages } = batch;
  for (let from = 0; from < messages.length && isRunning() && !isStale(); from += MAX_RECORDS_PER_TRANSACTION) {
    const taken = messages.slice(from, from + MAX_RECORDS_PER_TRANSACTION);
    const lastOffset = taken.at(-1)!.offset;
    await transform(
      partition,
      taken.map(({ value }) => value!),
      String(BigInt(lastOffset) + 1n),
    );
    resolveOffset(lastOffset);
    await heartbeat();
  }
}

/** Once it resolves the records are transformed. */
async function transform(partition: number, values: readonly Buffer[], offset: string): Promise<void> {
  for (;;) {
    const transaction = await producer.transaction();
    try {
      await transaction.send({ topic: output, messages: values.map((value) => ({ partition, value })) });
      await transaction.sendOffsets({ consumerGroupId: GROUP_ID, topics: [{ topic: input, partitions: [{ partition, offset }] }] });
      transactions += 1;
      if (transactions % ABORT_EVERY !== 0) return await transaction.commit();
      await transaction.abort();
    } catch {
      process.exit(1); // whether it was committed is not known: the next process reads what the group has
    }
  }
}
