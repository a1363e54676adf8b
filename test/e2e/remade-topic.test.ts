// A topic that is deleted, and made and filled again at once, under a running member of a group: the member reads all of the second topic,
// though it knows topics by name, was at an offset of the first one, and the second has as many records.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { asText, createClient, GroupConsumer } from "../../src/sdk/index.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { joinGroup } from "../support/kafka-clients.ts";
import { until } from "../support/until.ts";
import { HAS_LIBRDKAFKA } from "./group-scenarios/kinds.ts";

const RECORDS = 50;

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker?.stop();
});

async function request(method: string, path: string, body?: object) {
  const init = body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`${broker.url}/v1/topics${path}`, { method, ...init });
  expect(response.ok, `${method} ${path}`).toBe(true);
}

const make = (topic: string) => request("POST", "", { name: topic, partitions: 3 });

function fill(topic: string, name: string) {
  const records = Array.from({ length: RECORDS }, (_, index) => ({ key: String(index), value: `${name}-${index}` }));
  return request("POST", `/${topic}/records`, { records });
}

/** Runs the story for a member that passes on what it reads. */
async function makeAgainUnder(topic: string, seen: ReadonlySet<string>) {
  const countOf = (name: string) => [...seen].filter((value) => value.startsWith(name)).length;
  await fill(topic, "first");
  await until("the first topic is read", () => countOf("first") === RECORDS);
  await request("DELETE", `/${topic}`);
  await make(topic);
  await fill(topic, "second");
  await until("the second topic is read", () => countOf("second") === RECORDS);
}

test("kafkajs reads all of it", async () => {
  await make("kafkajs");
  const seen = new Set<string>();
  const options = { groupId: "kafkajs", topic: "kafkajs", metadataMaxAge: 500, allowAutoTopicCreation: false };
  await joinGroup(broker.kafkaAddress, { ...options, onRecord: async ({ message }) => void seen.add(String(message.value)) });
  await makeAgainUnder("kafkajs", seen);
});

test("the SDK reads all of it", async () => {
  await make("sdk");
  const seen = new Set<string>();
  const client = createClient({ url: broker.url });
  const consumer = new GroupConsumer(client, { groupId: "sdk", topics: ["sdk"], autoOffsetReset: "earliest", maxWaitMs: 500 });
  onTestFinished(() => consumer.close());
  const running = consumer.run(({ value }) => void seen.add(asText(value) ?? ""));
  await makeAgainUnder("sdk", seen);
  await consumer.close();
  await running;
});

test.skipIf(!HAS_LIBRDKAFKA)("librdkafka reads all of it", async () => {
  const program = fileURLToPath(new URL("clients/confluent_remade_topic.py", import.meta.url));
  const { stdout } = await promisify(execFile)("/usr/bin/python3", [program, broker.kafkaAddress, "librdkafka"], { timeout: 150_000 });
  expect(JSON.parse(stdout)).toEqual({ first: RECORDS, second: RECORDS });
});
