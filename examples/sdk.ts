// The SDK in one go: a topic, records, a group that reads them, a transaction, workers that share them. Run it against a broker of your own:
//
//   npm run build:sdk && npx node examples/sdk.ts http://127.0.0.1:8787
//
// Outside this repository the imports are the same, once the package is installed. SLUICE_TOKEN is the token, where the broker has one.

import { Admin, asJson, asText, createClient, GroupConsumer, Producer } from "sluice/client";
import { ShareConsumer } from "sluice/share";

const [url = "http://127.0.0.1:8787"] = process.argv.slice(2);
const { SLUICE_TOKEN: token } = process.env;
const client = createClient({ url, ...(token === undefined ? {} : { token }) });

const admin = new Admin(client);
const topic = `clicks-${Date.now()}`;
await admin.topics.create({ name: topic, partitions: 3 });

// Records of one key go to one partition, in order; each is there once, however often it had to be sent.
const producer = new Producer(client, { compression: "gzip" });
const places = await producer.sendAll(
  Array.from({ length: 6 }, (_, i) => ({ topic, key: `user-${i % 2}`, value: { page: `/${i}` }, headers: { from: "example" } })),
);
console.log(`wrote ${places.length} records, the first to partition ${places[0]!.partition} at offset ${places[0]!.offset}`);
await producer.close();

// A group shares the partitions among its members. A record counts as read once the next one is asked for.
const groupId = `readers-of-${topic}`;
const consumer = new GroupConsumer(client, { groupId, topics: [topic], autoOffsetReset: "earliest" });
let read = 0;
for await (const record of consumer) {
  console.log(`${asText(record.key)} saw ${asJson<{ page: string }>(record.value)!.page}`);
  if (++read === places.length) break;
}
await consumer.close();

// What was read counts as read only if what was made of it is visible, and the other way round.
const billing = new Producer(client, { transactionalId: `billing-${topic}` });
await billing.transaction(async () => {
  await billing.send({ topic, key: "bill", value: { pages: read } });
  await billing.sendOffsets(
    places.map(({ topic, partition, offset }) => ({ topic, partition, offset: offset + 1 })),
    { groupId },
  );
});
await billing.close();
const { offsets } = await admin.groups.offsets(groupId);
console.log(`the group is at ${offsets.map(({ partition, offset }) => `${partition}:${offset}`).join(" ")}`);

// A share group is a queue: workers lease single records, of one partition too. What fails comes again after a while.
const jobs = places.length + 1;
const workers = new ShareConsumer(client, { groupId: `workers-of-${topic}`, topics: [topic], maxWaitMs: 1_000 });
const allDone = Promise.withResolvers<void>();
let done = 0;
const working = workers.run(
  () => {
    if (++done === jobs) allDone.resolve();
  },
  { concurrency: 4 },
);
await allDone.promise;
await workers.close();
await working;
console.log(`${done} records were worked off`);
await admin.shareGroups.delete(`workers-of-${topic}`);
await admin.topics.delete(topic);
