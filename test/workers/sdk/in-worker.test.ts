// The SDK inside workerd, as a Worker uses it over a service binding: produce, consume, gzip by the platform, and live tails.

import { expect, test } from "vitest";
import { Admin, asText, Consumer, type ConsumerRecord, createClient, GroupConsumer, Producer, tail } from "../../../src/sdk/index.ts";
import { ShareConsumer } from "../../../src/sdk/share/share-consumer.ts";
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

test("a worker of a share group handles records, some twice, and gives back what it does not", async () => {
  const topic = await aTopic();
  await produce(topic, ["a", "b", "c"]);
  const worker = new ShareConsumer(client, { groupId: `workers-of-${topic}`, topics: [topic] });
  const handled: string[] = [];
  const run = worker.run(
    (record) => {
      handled.push(`${asText(record.value)} ${record.deliveryCount}`);
      if (asText(record.value) === "b" && record.deliveryCount === 1) throw new Error("again");
    },
    { concurrency: 2, retry: { initialMs: 1, maxMs: 1 } },
  );
  const counts = async () => (await new Admin(client).shareGroups.describe(`workers-of-${topic}`)).partitions[0]!;
  await expect.poll(async () => handled.length === 4 && (await counts()).acknowledged, { timeout: 30_000 }).toBe(3);
  await worker.close();
  await run;
  expect(handled.toSorted()).toEqual(["a 1", "b 1", "b 2", "c 1"]);
  expect(await counts()).toMatchObject({ acquired: 0, lag: 0 });
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
