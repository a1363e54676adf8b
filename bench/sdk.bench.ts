// The SDK over HTTP against kafkajs over TCP, from one Node process each turn, on the same broker and in turns: records of 100 bytes
// produced, each as its program would. The SDK takes records one by one, gives each a promise, and writes them once however often they
// are sent; kafkajs takes arrays and has no idempotence in this form, which it would be slower with. Then how long a record takes from
// the call of `send` to each kind of consumer that waits for it, in turns too: all of them wait for the same producer's write.
//
//   npm run bench -- sdk        (docs: bench/README.md)

import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, createClient, Producer, tail } from "../src/sdk/index.ts";
import { type Broker, startBroker } from "../test/support/broker.ts";
import { kafkajs } from "../test/support/kafkajs.ts";
import { createTopic } from "../test/support/raw-batches.ts";
import { format, printTurns, quantile, sized, takeTurns } from "./support/rounds.ts";

const RECORDS = sized(400_000, 2_000);
const VALUE = Buffer.alloc(100, "v");
const KAFKAJS_BATCH = 2_000;
const KAFKAJS_IN_FLIGHT = 4;
/** Records that the SDK's program sends before it looks whether there is room. */
const SEND_RUN = 1_000;
const LONE_RECORDS = sized(60, 5);
const LONE_ROUNDS = sized(5, 1);
const BETWEEN_LONE_MS = 5;

let topicCount = 0;

async function freshTopic(broker: Broker, partitions: number): Promise<string> {
  const topic = `bench-${topicCount++}`;
  await createTopic(broker.url, topic, partitions);
  return topic;
}

/** Thousand records a second. */
async function sdkProduces(broker: Broker, partitions: number): Promise<number> {
  const topic = await freshTopic(broker, partitions);
  const producer = new Producer(createClient({ url: broker.url }));
  await producer.send({ topic, value: VALUE });
  const start = performance.now();
  for (let sent = 0; sent < RECORDS; sent++) {
    if (sent % SEND_RUN === 0) await producer.ready;
    void producer.send({ topic, value: VALUE });
  }
  await producer.flush();
  const ms = performance.now() - start;
  if (producer.metrics().failedRecords > 0) throw new Error("records were not written");
  await producer.close();
  return RECORDS / ms;
}

async function kafkajsProduces(broker: Broker, partitions: number): Promise<number> {
  const topic = await freshTopic(broker, partitions);
  const kafka = new kafkajs.Kafka({ brokers: [broker.kafkaAddress], logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, acks: -1, messages: [{ value: VALUE }] });
  const messages = Array.from({ length: KAFKAJS_BATCH }, () => ({ value: VALUE }));
  const start = performance.now();
  let left = RECORDS;
  const sendAll = async () => {
    while (left > 0) {
      left -= KAFKAJS_BATCH;
      await producer.send({ topic, acks: -1, messages });
    }
  };
  await Promise.all(Array.from({ length: KAFKAJS_IN_FLIGHT }, sendAll));
  const ms = performance.now() - start;
  await producer.disconnect();
  return RECORDS / ms;
}

type Reader = (broker: Broker, topic: string, signal: AbortSignal, onValue: (value: string) => void) => Promise<void>;

const READERS: Readonly<Record<string, Reader>> = {
  "the SDK's consumer": async (broker, topic, signal, onValue) => {
    const consumer = new Consumer(createClient({ url: broker.url }));
    await consumer.assign([{ topic, partition: 0, offset: "earliest" }]);
    signal.addEventListener("abort", () => void consumer.close());
    for await (const { value } of consumer) onValue(new TextDecoder().decode(value!));
  },
  "the SDK's tail, Server-Sent Events": async (broker, topic, signal, onValue) => {
    const options = { topic, partition: 0, offset: "earliest", signal } as const;
    for await (const { value } of tail(createClient({ url: broker.url }), options)) onValue(new TextDecoder().decode(value!));
  },
  "the SDK's tail, WebSocket": async (broker, topic, signal, onValue) => {
    const options = { topic, partition: 0, offset: "earliest", via: "websocket", signal } as const;
    for await (const { value } of tail(createClient({ url: broker.url }), options)) onValue(new TextDecoder().decode(value!));
  },
  "kafkajs' consumer": async (broker, topic, signal, onValue) => {
    const kafka = new kafkajs.Kafka({ brokers: [broker.kafkaAddress], logLevel: kafkajs.logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId: `readers-of-${topic}` });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => onValue(message.value!.toString()) });
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await consumer.disconnect();
  },
};

/** Times from the call of `send` (ms), record by record: until the reader had it, and until it was acknowledged. */
interface Lags {
  readonly read: number[];
  readonly acknowledged: number[];
}

/** Of records that are sent one at a time. */
async function measureLags(broker: Broker, reader: Reader, { read, acknowledged }: Lags): Promise<void> {
  const topic = await freshTopic(broker, 1);
  const producer = new Producer(createClient({ url: broker.url }), { lingerMs: 0 });
  const stop = new AbortController();
  let seen = Promise.withResolvers<number>();
  const reading = reader(broker, topic, stop.signal, () => seen.resolve(performance.now()));
  for (let i = -1; i < LONE_RECORDS; i++) {
    seen = Promise.withResolvers();
    const start = performance.now();
    await producer.send({ topic, value: `${i}` });
    const acknowledgedAt = performance.now();
    const seenAt = await seen.promise;
    await sleep(BETWEEN_LONE_MS);
    if (i < 0) continue; // the first finds everybody still coming
    acknowledged.push(acknowledgedAt - start);
    read.push(seenAt - start);
  }
  stop.abort();
  await reading;
  await producer.close();
}

/** By the name of the reader. */
async function lagsInTurns(broker: Broker): Promise<ReadonlyMap<string, Lags>> {
  const names = Object.keys(READERS);
  const lags = new Map(names.map((name): [string, Lags] => [name, { read: [], acknowledged: [] }]));
  for (let round = 0; round < LONE_ROUNDS; round++) {
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) await measureLags(broker, READERS[name]!, lags.get(name)!);
  }
  return lags;
}

function percentiles(values: readonly number[]): string {
  return `p50 ${format(quantile(values, 0.5))} ms, p99 ${format(quantile(values, 0.99))} ms`;
}

const broker = await startBroker({ env: { SLUICE_GROUP_CONFIGS: '{"group.initial.rebalance.delay.ms": "0"}' } });
try {
  for (const partitions of [1, 4]) {
    const contenders = {
      [`kafkajs, ${KAFKAJS_BATCH} a call, ${KAFKAJS_IN_FLIGHT} in flight`]: () => kafkajsProduces(broker, partitions),
      "the SDK, one a call, idempotent": () => sdkProduces(broker, partitions),
    };
    const title = `produce ${RECORDS} records of ${VALUE.length} bytes, ${partitions} partition${partitions === 1 ? "" : "s"}`;
    printTurns(title, "k/s", await takeTurns(contenders), Object.keys(contenders)[0]!);
  }
  console.log("\nfrom send to the waiting consumer, one record at a time (and to the acknowledgement)");
  for (const [name, { read, acknowledged }] of await lagsInTurns(broker)) {
    console.log(`  ${name.padEnd(36)} ${percentiles(read)}   (${percentiles(acknowledged)})`);
  }
} finally {
  await broker.stop();
}
