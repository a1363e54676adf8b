// kafkajs: transactional producers, idempotent ones, and members of groups.
//
// Its members read uncommitted. Where kafkajs reads committed records and two aborted transactions begin at or before a record, it leaves out the
// second only from the record after that on (filterAbortedMessages takes one transaction a record from the broker's list), so that it passes
// on aborted records whatever the broker says. wire.ts reads committed records by Kafka's protocol instead.

import type { Consumer, Producer, RecordMetadata, Transaction } from "kafkajs";
import type { Place, Send } from "../../support/history/history.ts";
import { kafkaClient } from "../../support/kafka-clients.ts";
import { kafkajs } from "../../support/kafkajs.ts";
import { PLACES, pause, type Random, splitPlace, TOPICS, TRANSACTION_TIMEOUT_MS, type Work } from "./work.ts";

const MAX_RECORDS_PER_SEND = 4;
const MAX_SENDS_PER_TRANSACTION = 3;
const ABORT_SHARE = 0.25;
const RETRIES = 20;

/** Transactions until the work is over. After an error that kafkajs gives up on, another producer takes over. */
export async function runKafkajsTransactions(work: Work, client: string): Promise<void> {
  const random = work.newRandom();
  await withProducers(work, { transactionalId: client, transactionTimeout: 2 * TRANSACTION_TIMEOUT_MS }, async (producer) => {
    const transaction = await producer.transaction();
    return transactOnce(work, client, transaction, random);
  });
}

/** False: the producer is of no use any more. */
async function transactOnce(work: Work, client: string, transaction: Transaction, random: Random): Promise<boolean> {
  const startMs = work.now();
  const sends: Send[] = [];
  let commitStartMs: number | null = null;
  const record = (outcome: "ok" | "fail" | "unknown") => {
    const times = { startMs, endMs: work.now(), commitStartMs };
    work.record({ kind: "transaction", client, ...times, outcome, sends, reads: [], consumed: [] });
    return outcome === "ok" || (outcome === "fail" && commitStartMs === null);
  };
  for (let left = random.below(MAX_SENDS_PER_TRANSACTION); left >= 0; left--) sends.push(...(await send(work, transaction, random)));
  const isCommit = sends.every(({ outcome }) => outcome === "ok") && !random.isChance(ABORT_SHARE);
  try {
    if (isCommit) {
      commitStartMs = work.now();
      await transaction.commit();
      return record("ok");
    }
    await transaction.abort();
    return record("fail");
  } catch {
    record(isCommit ? "unknown" : "fail");
    return false;
  }
}

/** Plain sends of an idempotent producer. */
export async function runKafkajsProducer(work: Work, client: string): Promise<void> {
  const random = work.newRandom();
  await withProducers(work, {}, async (producer) => {
    const sends = await send(work, producer, random);
    work.record({ kind: "send", client, startMs: sends[0]!.startMs, endMs: sends[0]!.endMs, sends });
    return sends[0]!.outcome === "ok";
  });
}

async function send(work: Work, producer: Pick<Producer, "send">, random: Random): Promise<Send[]> {
  const place = random.of(PLACES);
  const { topic, partition } = splitPlace(place);
  const values = work.newValues(1 + random.below(MAX_RECORDS_PER_SEND));
  const startMs = work.now();
  let metadata: RecordMetadata | undefined;
  try {
    [metadata] = await producer.send({ topic, acks: -1, messages: values.map((value) => ({ value, partition })) });
  } catch {
    metadata = undefined; // refused, or not answered in all its tries: kafkajs does not tell whether an earlier one was done
  }
  return values.map((value, i) => ({
    ...{ place, value, startMs, endMs: work.now() },
    ...(metadata === undefined ? { outcome: "unknown", offset: null } : { outcome: "ok", offset: Number(metadata.baseOffset) + i }),
  }));
}

/** Uses a producer until `use` says no or throws, then another. */
async function withProducers(work: Work, config: object, use: (producer: Producer) => Promise<boolean>): Promise<void> {
  while (!work.isOver) {
    const producer = kafkaClient(work.broker.kafkaAddress, RETRIES).producer({
      ...{ createPartitioner: kafkajs.Partitioners.DefaultPartitioner, idempotent: true, maxInFlightRequests: 1 },
      ...config,
    });
    try {
      await producer.connect();
      while (!work.isOver && (await use(producer)));
    } catch {
      // No transaction could begin: the next producer tries.
    }
    await producer.disconnect().catch(() => undefined);
    await pause();
  }
}

/** A member of a group until the work is over, and then gone. */
export async function runKafkajsMember(work: Work, client: string, groupId: string): Promise<void> {
  const consumer = kafkaClient(work.broker.kafkaAddress).consumer({
    ...{ groupId, sessionTimeout: 6_000, heartbeatInterval: 300, maxWaitTimeInMs: 200 },
    readUncommitted: true,
  });
  noteAssignments(work, client, consumer);
  await consumer.connect();
  await consumer.subscribe({ topics: [TOPICS.input, ...TOPICS.outputs], fromBeginning: true });
  await consumer.run({
    autoCommitInterval: 500,
    eachBatch: async ({ batch, isRunning, isStale, resolveOffset, heartbeat, commitOffsetsIfNecessary }) => {
      if (!isRunning() || isStale()) return;
      const place: Place = `${batch.topic}/${batch.partition}`;
      const records = batch.messages.map(({ offset, value }) => [Number(offset), String(value)] as const);
      const at = work.now();
      work.record({ kind: "poll", client, startMs: at, endMs: at, isolation: "read_uncommitted", place, from: null, records, to: null });
      resolveOffset(batch.lastOffset());
      await heartbeat();
      await commitOffsetsIfNecessary();
    },
  });
  while (!work.isOver) await pause();
  await consumer.disconnect();
}

/** From then on it reads from what the group has committed. */
function noteAssignments(work: Work, client: string, consumer: Consumer): void {
  const note = () => work.record({ kind: "seek", client, startMs: work.now(), endMs: work.now() });
  consumer.on("consumer.group_join", note);
  consumer.on("consumer.crash", note);
}
