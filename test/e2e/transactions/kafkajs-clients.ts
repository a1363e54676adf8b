// kafkajs: transactional producers, idempotent ones, and members of groups.
//
// Its members read uncommitted. Where kafkajs reads committed records and two aborted transactions begin at or before a record, it leaves out the
// second only from the record after that on (filterAbortedMessages takes one transaction a record from the broker's list), so that it passes
// on aborted records whatever the broker says. wire.ts reads committed records by Kafka's protocol instead.

import type { Consumer, Producer, ProducerConfig, RecordMetadata, Transaction } from "kafkajs";
import type { ConsumedRange, Outcome, Place, Send } from "../../support/history/history.ts";
import { kafkaClient } from "../../support/kafka-clients.ts";
import { kafkajs } from "../../support/kafkajs.ts";
import { OUTPUTS, takeInput, transformerId } from "./transformers.ts";
import { WireClient } from "./wire.ts";
import { PLACES, pause, splitPlace, TOPICS, TRANSACTION_TIMEOUT_MS, type Work } from "./work.ts";

const MAX_RECORDS_PER_SEND = 4;
const MAX_SENDS_PER_TRANSACTION = 3;
const ABORT_SHARE = 0.25;
const RETRIES = 20;
const TRANSFORMER_LIVES_ON = 0.8;

/** Transactions until the work is over. After an error that kafkajs gives up on, another producer takes over. */
export async function runKafkajsTransactions(work: Work, client: string): Promise<void> {
  const random = work.newRandom();
  await withProducers(work, transactional(client), async (producer) => {
    const transaction = await producer.transaction();
    const written: Written = { client, startMs: work.now(), sends: [], reads: [], consumed: [] };
    for (let left = random.below(MAX_SENDS_PER_TRANSACTION); left >= 0; left--) {
      written.sends.push(...(await send(work, transaction, random.of(PLACES), 1 + random.below(MAX_RECORDS_PER_SEND))));
    }
    const isCommit = written.sends.every(({ outcome }) => outcome === "ok") && !random.isChance(ABORT_SHARE);
    return endTransaction(work, transaction, written, isCommit);
  });
}

/** Consumes a partition of the input, and produces as many records, in one transaction. Others have the same transactional id. */
export async function runKafkajsTransformer(work: Work, client: string, input: Place): Promise<void> {
  const random = work.newRandom();
  const wire = new WireClient(work.broker.kafkaAddress);
  await withProducers(work, transactional(transformerId(input)), async (producer) => {
    // First of all: kafkajs fences the others (InitProducerId) with its first transaction, and what they commit must be read after that.
    const transaction = await producer.transaction();
    const found = await takeInput(work, wire, client, input, (from) => wire.fetch(input, "read_committed", from));
    if (found === null) {
      await transaction.abort();
      return true;
    }
    const written: Written = { client, startMs: work.now(), sends: [], reads: found.reads, consumed: [] };
    written.sends.push(...(await send(work, transaction, random.of(OUTPUTS), found.reads.length)));
    const isCommit = written.sends[0]!.outcome === "ok" && (await sendOffsets(transaction, found.range));
    if (isCommit) written.consumed.push(found.range);
    await endTransaction(work, transaction, written, isCommit && !random.isChance(ABORT_SHARE));
    return isCommit && random.isChance(TRANSFORMER_LIVES_ON);
  });
  wire.close();
}

function transactional(transactionalId: string): Partial<ProducerConfig> {
  return { transactionalId, transactionTimeout: 2 * TRANSACTION_TIMEOUT_MS };
}

async function sendOffsets(transaction: Transaction, { group, place, to }: ConsumedRange): Promise<boolean> {
  const { topic, partition } = splitPlace(place);
  try {
    await transaction.sendOffsets({ consumerGroupId: group, topics: [{ topic, partitions: [{ partition, offset: String(to) }] }] });
    return true;
  } catch {
    return false; // fenced, or not answered: the transaction is not committed
  }
}

/** What a transaction did before its end. */
interface Written {
  readonly client: string;
  readonly startMs: number;
  readonly sends: Send[];
  readonly reads: readonly string[];
  readonly consumed: ConsumedRange[];
}

/** False: the producer is of no use any more. */
async function endTransaction(work: Work, transaction: Transaction, written: Written, isCommit: boolean): Promise<boolean> {
  const commitStartMs = isCommit ? work.now() : null;
  const record = (outcome: Outcome) => work.record({ kind: "transaction", ...written, endMs: work.now(), commitStartMs, outcome });
  try {
    await (isCommit ? transaction.commit() : transaction.abort());
    record(isCommit ? "ok" : "fail");
    return true;
  } catch {
    record(isCommit ? "unknown" : "fail");
    return false;
  }
}

/** Plain sends of an idempotent producer. */
export async function runKafkajsProducer(work: Work, client: string): Promise<void> {
  const random = work.newRandom();
  await withProducers(work, {}, async (producer) => {
    const sends = await send(work, producer, random.of(PLACES), 1 + random.below(MAX_RECORDS_PER_SEND));
    work.record({ kind: "send", client, startMs: sends[0]!.startMs, endMs: sends[0]!.endMs, sends });
    return sends[0]!.outcome === "ok";
  });
}

async function send(work: Work, producer: Pick<Producer, "send">, place: Place, count: number): Promise<Send[]> {
  const { topic, partition } = splitPlace(place);
  const values = work.newValues(count);
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
async function withProducers(work: Work, config: Partial<ProducerConfig>, use: (producer: Producer) => Promise<boolean>): Promise<void> {
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

/** A member of a group until the work is over. One that kafkajs gives up is followed by another. */
export async function runKafkajsMember(work: Work, client: string, groupId: string): Promise<void> {
  while (!work.isOver) {
    const consumer = kafkaClient(work.broker.kafkaAddress).consumer({
      ...{ groupId, sessionTimeout: 6_000, heartbeatInterval: 300, maxWaitTimeInMs: 200 },
      readUncommitted: true,
    });
    const life = noteAssignments(work, client, consumer);
    try {
      await consume(work, client, consumer);
      while (!work.isOver && !life.isOver) await pause();
    } catch {
      // The broker was killed while it connected.
    }
    await consumer.disconnect().catch(() => undefined);
  }
}

async function consume(work: Work, client: string, consumer: Consumer): Promise<void> {
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
}

/** From each of them on it reads from what the group has committed. */
function noteAssignments(work: Work, client: string, consumer: Consumer): { readonly isOver: boolean } {
  const life = { isOver: false };
  const note = () => work.record({ kind: "seek", client, startMs: work.now(), endMs: work.now() });
  consumer.on("consumer.group_join", note);
  consumer.on("consumer.crash", ({ payload }) => {
    note();
    life.isOver ||= !payload.restart;
  });
  return life;
}
