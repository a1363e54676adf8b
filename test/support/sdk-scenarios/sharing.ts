// What workers of share groups promise, and those who pull from subscriptions, on every platform.

import { until } from "../until.ts";
import { aTopic, errorOf, produce, type Scenario, sorted } from "./scenario.ts";

export const SHARING: readonly Scenario[] = [
  {
    name: "a worker of a share group handles records, some twice, and gives back what it does not",
    async run(kit) {
      const topic = await aTopic(kit);
      await produce(kit, topic, 3);
      const groupId = `workers-of-${topic}`;
      const worker = new kit.share.ShareConsumer(kit.connect(), { groupId, topics: [topic], maxWaitMs: 300 });
      const handled: string[] = [];
      const running = worker.run(
        ({ value, deliveryCount }) => {
          const text = kit.sdk.asText(value)!;
          handled.push(`${text} ${deliveryCount}`);
          if (text === "v1" && deliveryCount === 1) throw new Error("again");
        },
        { concurrency: 2, retry: { initialMs: 1, maxMs: 1 } },
      );
      const { shareGroups } = new kit.sdk.Admin(kit.connect());
      const counts = async () => (await shareGroups.describe(groupId)).partitions[0]!;
      await until("all are acknowledged", async () => handled.length === 4 && (await counts()).acknowledged === 3);
      await worker.close();
      await running;
      const { acquired, lag } = await counts();
      return { handled: sorted(handled), acquired, lag };
    },
    expected: { handled: ["v0 1", "v1 1", "v1 2", "v2 1"], acquired: 0, lag: 0 },
  },
  {
    name: "a subscription is pulled from, and what was leased is settled",
    async run(kit) {
      const topic = await aTopic(kit);
      const name = `pulled-${topic}`;
      const { subscriptions } = new kit.sdk.Admin(kit.connect());
      const producer = new kit.sdk.Producer(kit.connect());
      await subscriptions.put(name, { pull: true, topics: [topic], order: "none", filter: 'value != "not this"' });
      const waiting = subscriptions.pull(name, { maxWaitMs: 30_000 });
      await producer.send({ topic, value: "first" });
      const [first] = (await waiting).records;
      await producer.send({ topic, value: "not this" });
      await producer.send({ topic, value: "second" });
      const [second] = (await subscriptions.pull(name, { maxWaitMs: 30_000 })).records;
      const { settled } = await subscriptions.ack(name, { acks: [first!.leaseId], retries: [{ leaseId: second!.leaseId }] });
      const [again] = (await subscriptions.pull(name)).records;
      const state = await subscriptions.describe(name);
      const twice = await errorOf(subscriptions.ack(name, { acks: [first!.leaseId] }));
      await producer.close();
      await subscriptions.delete(name);
      const told = [first, second, again].map((record) => [record!.offset, record!.value, record!.deliveryCount]);
      return { told, settled, lag: state.pull ? state.lag : null, twice: [twice!.status, twice!.code] };
    },
    expected: {
      told: [
        [0, "first", 1],
        [2, "second", 1],
        [2, "second", 2],
      ],
      settled: 2,
      lag: 1,
      twice: [409, "INVALID_RECORD_STATE"],
    },
  },
];
