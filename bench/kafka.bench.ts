// Kafka clients: librdkafka and kafkajs produce and consume records of 100 bytes, against a bare produce door (bench/reference/door.ts),
// and against any other broker given by --address, in the same run. All contenders are up all the time and take turns.
//
//   npm run bench -- kafka [--address NAME=HOST:PORT]…      (docs: bench/README.md)

import { parseArgs } from "node:util";
import type { Kafka } from "kafkajs";
import { startBroker } from "../test/support/broker.ts";
import { kafkajs } from "../test/support/kafkajs.ts";
import { buildLibrdkafkaClient, type LibrdkafkaClient } from "./support/librdkafka.ts";
import { startDoor } from "./support/reference.ts";
import { median, printTurns, quantile, sized, takeTurns } from "./support/rounds.ts";

const RECORD_BYTES = 100;
const LIBRDKAFKA_RECORDS = sized(3_000_000, 10_000);
const KAFKAJS_RECORDS = sized(200_000, 2_000);
const KAFKAJS_BATCH = 2_000;
const KAFKAJS_IN_FLIGHT = 4;
const LONE_RECORDS = sized(300, 10);

/** As a producer is set that wants throughput, everything else as it comes. */
const PROPERTIES = { acks: "all", "linger.ms": "5", "queue.buffering.max.messages": "500000" };

interface Contender {
  readonly address: string;
  /** It takes records and gives none back. */
  readonly isDoor?: boolean;
}

type Contenders = Readonly<Record<string, Contender>>;

const { values } = parseArgs({ options: { smoke: { type: "boolean" }, address: { type: "string", multiple: true, default: [] } } });
const others: Contenders = Object.fromEntries(
  values.address.map((given) => {
    const [, name, address] = /^(?:(.+)=)?(.+:\d+)$/.exec(given) ?? [];
    if (address === undefined) throw new Error(`--address ${given} is not [NAME=]HOST:PORT`);
    return [name ?? address, { address }];
  }),
);

let topicCount = 0;
const clients = new Map<string, Kafka>();

function kafkaOf(address: string): Kafka {
  const client = clients.get(address) ?? new kafkajs.Kafka({ brokers: [address], logLevel: kafkajs.logLevel.NOTHING });
  clients.set(address, client);
  return client;
}

async function createTopic({ address, isDoor }: Contender, numPartitions: number): Promise<string> {
  const topic = `bench-${process.pid}-${topicCount++}`;
  if (isDoor) return topic;
  const admin = kafkaOf(address).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions }] });
  await admin.disconnect();
  return topic;
}

function turnsOf(contenders: Contenders, turn: (contender: Contender, name: string) => Promise<number>) {
  return takeTurns(Object.fromEntries(Object.entries(contenders).map(([name, contender]) => [name, () => turn(contender, name)])));
}

async function librdkafkaProduces(client: LibrdkafkaClient, contenders: Contenders, partitions: number, codec: string): Promise<void> {
  const latencies = new Map<string, { p50: number[]; p99: number[] }>();
  const figures = await turnsOf(contenders, async (contender, name) => {
    const topic = await createTopic(contender, partitions);
    const properties = { ...PROPERTIES, "compression.codec": codec };
    const load = { records: LIBRDKAFKA_RECORDS, recordBytes: RECORD_BYTES, properties };
    const { records, ms, p50Us, p99Us } = await client.produce(contender.address, topic, load);
    const seen = latencies.get(name) ?? { p50: [], p99: [] };
    latencies.set(name, seen);
    seen.p50.push(p50Us / 1000);
    seen.p99.push(p99Us / 1000);
    return records / ms / 1000;
  });
  printTurns(`librdkafka produces, acks=all, ${partitions} partitions, ${codec}`, "M/s", figures, "bare door");
  for (const [name, { p50, p99 }] of latencies) {
    const speed = median(figures[name]!) * RECORD_BYTES;
    console.log(
      `    ${name}: ${speed.toFixed(0)} MB/s; to the acknowledgement p50 ${median(p50).toFixed(0)} ms, p99 ${median(p99).toFixed(0)} ms`,
    );
  }
}

async function librdkafkaConsumes(client: LibrdkafkaClient, contenders: Contenders, partitions: number): Promise<void> {
  const topics = new Map<Contender, string>();
  for (const contender of Object.values(contenders)) {
    const topic = await createTopic(contender, partitions);
    await client.produce(contender.address, topic, { records: LIBRDKAFKA_RECORDS, recordBytes: RECORD_BYTES, properties: PROPERTIES });
    topics.set(contender, topic);
  }
  const figures = await turnsOf(contenders, async (contender) => {
    const { records, ms } = await client.consume(contender.address, topics.get(contender)!, { records: LIBRDKAFKA_RECORDS, partitions });
    return records / ms / 1000;
  });
  printTurns(`librdkafka consumes, ${partitions} partitions`, "M/s", figures, "sluice");
}

async function kafkajsProduces(contenders: Contenders): Promise<void> {
  const value = Buffer.alloc(RECORD_BYTES, "v");
  const messages = Array.from({ length: KAFKAJS_BATCH }, () => ({ value }));
  const figures = await turnsOf(contenders, async (contender) => {
    const topic = await createTopic(contender, 1);
    const producer = kafkaOf(contender.address).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    const start = performance.now();
    let left = KAFKAJS_RECORDS;
    const sendAll = async () => {
      for (; left > 0; ) {
        left -= KAFKAJS_BATCH;
        await producer.send({ topic, acks: -1, messages });
      }
    };
    await Promise.all(Array.from({ length: KAFKAJS_IN_FLIGHT }, sendAll));
    const ms = performance.now() - start;
    await producer.disconnect();
    return KAFKAJS_RECORDS / ms;
  });
  printTurns(`kafkajs produces, batches of ${KAFKAJS_BATCH}, ${KAFKAJS_IN_FLIGHT} in flight`, "k/s", figures, "sluice");
}

async function kafkajsConsumes(contenders: Contenders): Promise<void> {
  const value = Buffer.alloc(RECORD_BYTES, "v");
  const messages = Array.from({ length: KAFKAJS_BATCH }, () => ({ value }));
  const topics = new Map<Contender, string>();
  for (const contender of Object.values(contenders)) {
    const topic = await createTopic(contender, 1);
    const producer = kafkaOf(contender.address).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    for (let sent = 0; sent < KAFKAJS_RECORDS; sent += KAFKAJS_BATCH) await producer.send({ topic, acks: -1, messages });
    await producer.disconnect();
    topics.set(contender, topic);
  }
  const figures = await turnsOf(contenders, async (contender) => {
    const consumer = kafkaOf(contender.address).consumer({ groupId: `bench-${process.pid}-${topicCount++}` });
    await consumer.connect();
    await consumer.subscribe({ topic: topics.get(contender)!, fromBeginning: true });
    const { promise: all, resolve } = Promise.withResolvers<void>();
    let start = 0;
    let count = 0;
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        start ||= performance.now();
        count += batch.messages.length;
        if (count >= KAFKAJS_RECORDS) resolve();
      },
    });
    await all;
    const ms = performance.now() - start;
    await consumer.disconnect();
    return KAFKAJS_RECORDS / ms;
  });
  printTurns("kafkajs consumes, eachBatch", "k/s", figures, "sluice");
}

async function loneRecords(contenders: Contenders): Promise<void> {
  const value = Buffer.alloc(RECORD_BYTES, "v");
  const latencies = Object.fromEntries(Object.keys(contenders).map((name) => [name, [] as number[]]));
  const figures = await turnsOf(contenders, async (contender, name) => {
    const topic = await createTopic(contender, 1);
    const producer = kafkaOf(contender.address).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic, acks: -1, messages: [{ value }] });
    const times: number[] = [];
    for (let index = 0; index < LONE_RECORDS; index++) {
      const start = performance.now();
      await producer.send({ topic, acks: -1, messages: [{ value }] });
      times.push(performance.now() - start);
    }
    await producer.disconnect();
    latencies[name]!.push(...times);
    return median(times);
  });
  printTurns("kafkajs sends one record and waits for its acknowledgement, p50", "ms", figures, "sluice");
  for (const [name, times] of Object.entries(latencies)) console.log(`    ${name}: p99 ${quantile(times, 0.99).toFixed(2)} ms`);
}

const broker = await startBroker();
try {
  const door = await startDoor();
  try {
    const brokers: Contenders = { sluice: { address: broker.kafkaAddress }, ...others };
    const withDoor: Contenders = { "bare door": { address: `127.0.0.1:${door.port}`, isDoor: true }, ...brokers };
    const client = buildLibrdkafkaClient();
    if (client !== null) {
      for (const partitions of [1, 4]) await librdkafkaProduces(client, withDoor, partitions, "none");
      await librdkafkaProduces(client, withDoor, 1, "lz4");
      await librdkafkaConsumes(client, brokers, 1);
    }
    await kafkajsProduces(brokers);
    await kafkajsConsumes(brokers);
    await loneRecords(brokers);
  } finally {
    await door.stop();
  }
} finally {
  await broker.stop();
}
