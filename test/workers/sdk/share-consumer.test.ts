// A worker of a share group inside workerd, over a service binding.

import { expect, test } from "vitest";
import { Admin, asText, createClient, Producer } from "../../../src/sdk/index.ts";
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

test("a worker of a share group handles records, some twice, and gives back what it does not", async () => {
  const { name: topic } = await new Admin(client).topics.create({ name: `sdk-${crypto.randomUUID()}`, partitions: 1 });
  const producer = new Producer(client);
  await producer.sendAll(["a", "b", "c"].map((value) => ({ topic, partition: 0, value })));
  await producer.close();
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
