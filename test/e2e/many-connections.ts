// Many Kafka clients on one broker at a time: each asks for ApiVersions and Metadata, then waits in a Fetch at the end of a topic, until
// one record ends all their waits. Says what it cost the broker. By hand: node test/e2e/many-connections.ts [COUNT, 2000] [tcp|websocket]

import { API } from "../../src/protocol/api-keys.ts";
import { startBroker } from "../support/broker.ts";
import { fetchFrame, openResponse, requestFrame } from "../support/kafka-frames.ts";
import { connectKafka, expectServed } from "../support/kafka-socket.ts";
import { connectKafkaWebSocket } from "../support/kafka-web-socket.ts";
import { residentBytes } from "../support/process-memory.ts";
import { createTopic, type PartitionPlace } from "../support/raw-batches.ts";

/** Connections that are opened at a time: a listener's backlog is bounded. */
const OPENED_AT_A_TIME = 50;

const TOPIC = "crowd";

interface Client {
  send(bytes: Uint8Array): void;
  next(): Promise<Uint8Array>;
  close(): void;
}

export type DoorName = "tcp" | "websocket";

export interface ManyConnections {
  readonly count: number;
  /** Clients that got the one record. */
  readonly woken: number;
  /** Resident memory of the broker: before, while all wait, and after all are gone. */
  readonly beforeBytes: number;
  readonly waitingBytes: number;
  readonly afterBytes: number;
}

export async function runManyConnections(count: number, door: DoorName): Promise<ManyConnections> {
  const broker = await startBroker();
  try {
    const [place] = (await createTopic(broker.url, TOPIC)) as [PartitionPlace];
    const connect = door === "tcp" ? () => overTcp(broker.kafkaAddress) : () => overWebSocket(broker.url);
    await expectGreeted(await connect());
    const beforeBytes = residentBytes(broker.workerdPid);
    const clients: Client[] = [];
    while (clients.length < count) {
      const opened = await Promise.all(Array.from({ length: Math.min(OPENED_AT_A_TIME, count - clients.length) }, connect));
      await Promise.all(opened.map(expectGreeted));
      for (const client of opened) client.send(fetchFrame(TOPIC, 0, { maxWaitMs: 60_000 }));
      clients.push(...opened);
    }
    await expectGreeted(await connect());
    const waitingBytes = residentBytes(broker.workerdPid);
    await fetch(`${broker.url}/v1/topics/${place.topic}/records`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"records": [{"value": "wake up"}]}',
    });
    const answers = await Promise.all(clients.map((client) => client.next()));
    const woken = answers.filter((frame) => bytesFetched(frame) > 0).length;
    for (const client of clients) client.close();
    await expectGreeted(await connect());
    return { count, woken, beforeBytes, waitingBytes, afterBytes: residentBytes(broker.workerdPid) };
  } finally {
    await broker.stop();
  }
}

async function overTcp(address: string): Promise<Client> {
  const { socket, send, next } = await connectKafka(address);
  return { send, next, close: () => socket.destroy() };
}

async function overWebSocket(url: string): Promise<Client> {
  const { socket, send, next } = await connectKafkaWebSocket(url);
  return { send, next, close: () => socket.close() };
}

async function expectGreeted(client: Client): Promise<void> {
  await expectServed(client);
  client.send(requestFrame(API.metadata, 12, { topics: null } as never));
  const { response } = openResponse(API.metadata, 12, await client.next());
  if (response.topics.length !== 1) throw new Error(`Metadata has ${response.topics.length} topics`);
}

function bytesFetched(frame: Uint8Array): number {
  return openResponse(API.fetch, 12, frame).response.responses[0]!.partitions[0]!.records?.length ?? 0;
}

if (import.meta.main) {
  const { count, woken, beforeBytes, waitingBytes, afterBytes } = await runManyConnections(
    Number(process.argv[2] ?? 2_000),
    (process.argv[3] ?? "tcp") as DoorName,
  );
  const mib = (bytes: number): string => `${(bytes / (1 << 20)).toFixed(0)} MiB`;
  console.log(`${woken} of ${count} clients were served and woken`);
  console.log(`resident: ${mib(beforeBytes)} before, ${mib(waitingBytes)} while all wait, ${mib(afterBytes)} after`);
  console.log(`${((waitingBytes - beforeBytes) / count / 1024).toFixed(0)} KiB a connection`);
}
