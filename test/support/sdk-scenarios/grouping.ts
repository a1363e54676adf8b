// What members of consumer groups promise, on every platform.

import type { ConsumerRecord, GroupConsumerOptions } from "../../../src/sdk/index.ts";
import { until } from "../until.ts";
import { aTopic, errorOf, type Kit, produce, type Scenario, sorted, take, texts, valuesOf } from "./scenario.ts";

const groupOf = (topic: string) => `group-of-${topic}`;

function joined(kit: Kit, topic: string, options: Partial<GroupConsumerOptions> = {}) {
  const own = { groupId: groupOf(topic), topics: [topic], maxWaitMs: 300, autoOffsetReset: "earliest" } as const;
  return new kit.sdk.GroupConsumer(kit.connect(), { ...own, ...options });
}

/** A member that notes what it handles. */
function member(kit: Kit, topic: string) {
  const handled: ConsumerRecord[] = [];
  const events: string[] = [];
  const consumer = joined(kit, topic, {
    onAssigned: (partitions) => events.push(`+${partitions.length}`),
    onRevoked: (partitions) => events.push(`-${partitions.length}`),
    onLost: (partitions) => events.push(`!${partitions.length}`),
  });
  const running = consumer.run((record) => void handled.push(record));
  return { consumer, handled, events, running };
}

export const GROUPING: readonly Scenario[] = [
  {
    name: "a member reads, commits and leaves",
    async run(kit) {
      const topic = await aTopic(kit);
      await produce(kit, topic, 2);
      const consumer = joined(kit, topic);
      const values = valuesOf(kit, await take(2, consumer));
      await consumer.close();
      const { offsets, members } = await new kit.sdk.Admin(kit.connect()).groups.describe(groupOf(topic));
      return { values, offsets: offsets.map(({ offset }) => offset), members };
    },
    expected: { values: texts(2), offsets: [1], members: [] }, // the last was taken, not done
  },
  {
    name: "members share the partitions; who leaves gives its own back, and every record is handled once",
    async run(kit) {
      const topic = await aTopic(kit, 4);
      await produce(kit, topic, 200, { partitions: 4 });
      const one = member(kit, topic);
      await until("one has all", () => one.handled.length === 200);
      const two = member(kit, topic);
      await until("each has two", () => one.consumer.assignment.length === 2 && two.consumer.assignment.length === 2);
      await produce(kit, topic, 200, { partitions: 4, from: 200 });
      await until("all are handled", () => one.handled.length + two.handled.length === 400);
      const shared = two.handled.length;
      await one.consumer.close();
      await one.running;
      await until("the other has all", () => two.consumer.assignment.length === 4);
      await produce(kit, topic, 40, { partitions: 4, from: 400 });
      await until("all are handled", () => one.handled.length + two.handled.length === 440);
      await two.consumer.close();
      await two.running;
      const { offsets } = await new kit.sdk.Admin(kit.connect()).groups.describe(groupOf(topic));
      const values = sorted(valuesOf(kit, [...one.handled, ...two.handled]));
      const events = one.events.join(" ").replace(/(?<=-2 ).*(?=-2$)/, ""); // between, it may have given back one after the other
      return { shared, values, events, lags: offsets.map(({ lag }) => lag) };
    },
    expected: { shared: 100, values: sorted(texts(440)), events: "+4 -2 -2", lags: [0, 0, 0, 0] },
  },
  {
    name: "a handler that throws ends the run; what was not done comes again to the next member",
    async run(kit) {
      const topic = await aTopic(kit);
      await produce(kit, topic, 10);
      const failing = joined(kit, topic);
      const failed = await errorOf(
        failing.run((record) => {
          if (record.offset === 4) throw new EvalError("the handler failed");
        }),
      );
      await failing.close();
      const { offsets } = await new kit.sdk.Admin(kit.connect()).groups.offsets(groupOf(topic));
      const next = joined(kit, topic);
      const values = valuesOf(kit, await take(6, next));
      await next.close();
      return { failed: failed!.name, offsets: offsets.map(({ offset }) => offset), values };
    },
    expected: { failed: "EvalError", offsets: [4], values: texts(6, 4) },
  },
  {
    name: "a member knows how far behind it is, record by record, and that it has caught up",
    async run(kit) {
      const topic = await aTopic(kit);
      const place = { topic, partition: 0 };
      await produce(kit, topic, 5);
      const lags: (number | null)[] = [];
      const consumer = joined(kit, topic, { maxRecords: 2, onAssigned: () => lags.push(consumer.lag(place)) });
      const running = consumer.run(() => void lags.push(consumer.lag(place)));
      await until("it has caught up", () => lags.length >= 6 && consumer.lag(place) === 0);
      await produce(kit, topic, 1, { from: 5 });
      await until("it was told of one more", () => lags.length === 7);
      await consumer.close();
      await running;
      return lags;
    },
    expected: [null, 5, 4, 3, 2, 1, 1], // with the record that is being handled
  },
  {
    name: "a group by pattern takes in topics that are made later",
    async run(kit) {
      const first = await aTopic(kit);
      const consumer = joined(kit, first, { topics: { pattern: `${first}.*` } });
      await produce(kit, first, 1);
      const before = valuesOf(kit, await take(1, consumer));
      const { topics } = new kit.sdk.Admin(kit.connect());
      await topics.create({ name: `${first}-later`, partitions: 1 });
      await produce(kit, `${first}-later`, 1, { from: 1 });
      let later: ConsumerRecord | undefined;
      for await (const record of consumer) {
        later = record;
        if (record.topic !== first) break;
      }
      await consumer.close();
      return { before, later: valuesOf(kit, [later!]) };
    },
    expected: { before: texts(1), later: texts(1, 1) },
  },
];
