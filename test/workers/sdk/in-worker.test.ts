// The SDK inside workerd, as a Worker uses it over a service binding: produce, consume, gzip by the platform, and live tails.

import { expect, test } from "vitest";
import { Admin, asText, Consumer, type ConsumerRecord, createClient, GroupConsumer, Producer, tail } from "../../../src/sdk/index.ts";
import { request } from "../support/worker-request.ts";

/** As `env.SLUICE` of a Worker that is bound to the broker. */
const binding = {
  fetch(url: string, init: RequestInit): Promise<Response> {
    const { pathname, search } = new URL(url);
    return request(pathname + search, init as RequestInit<IncomingRequestCfProperties>);
  },
};
const client = createClient({ binding });

async function aTopic(partitions = 1): Promise<string> {
  return (await new Admin(client).topics.create({ name: `sdk-${crypto.randomUUID()}`, partitions })).name;
}

async function produce(topic: string, values: readonly string[]): Promise<void> {
  const producer = new Producer(client, { compression: "gzip" });
  await producer.sendAll(values.map((value) => ({ topic, partition: 0, value })));
  await producer.close();
}

async function take(count: number, records: AsyncIterable<ConsumerRecord>): Promise<(string | null)[]> {
  const taken: (string | null)[] = [];
  for await (const { value } of records) if (taken.push(asText(value)) === count) break;
  return taken;
}

test("records are written and read", async () => {
  const topic = await aTopic(2);
  await produce(topic, ["a", "b", "c"]);
  const consumer = new Consumer(client);
  await consumer.assignTopic(topic, "earliest");
  expect(await take(3, consumer)).toEqual(["a", "b", "c"]);
  await consumer.close();
});

test("a member of a group reads, commits and leaves", async () => {
  const topic = await aTopic();
  await produce(topic, ["a", "b"]);
  const consumer = new GroupConsumer(client, { groupId: `group-of-${topic}`, topics: [topic], autoOffsetReset: "earliest" });
  expect(await take(2, consumer)).toEqual(["a", "b"]);
  await consumer.close();
  const { offsets, members } = await new Admin(client).groups.describe(`group-of-${topic}`);
  expect(offsets.map(({ offset }) => offset)).toEqual([1]);
  expect(members).toEqual([]);
});

test.each(["sse", "websocket"] as const)("a live tail by %s gives what is there and what comes", async (via) => {
  const topic = await aTopic();
  await produce(topic, ["a", "b"]);
  const stop = new AbortController();
  const tailing = take(3, tail(client, { topic, partition: 0, offset: "earliest", via, signal: stop.signal }));
  await produce(topic, ["c"]);
  expect(await tailing).toEqual(["a", "b", "c"]);
  stop.abort();
});
