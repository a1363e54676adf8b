// What consumers of partitions promise, and live tails, on every platform.

import type { ConsumerRecord } from "../../../src/sdk/index.ts";
import { until } from "../until.ts";
import { aTopic, errorOf, produce, type Scenario, sorted, take, texts, valuesOf } from "./scenario.ts";

const tailed = (via: "sse" | "websocket"): Scenario => ({
  name: `a live tail by ${via} gives what is there and what comes, while another produces, until it is stopped`,
  async run(kit) {
    const topic = await aTopic(kit);
    await produce(kit, topic, 5);
    const stop = new AbortController();
    const seen: ConsumerRecord[] = [];
    const reading = (async () => {
      const options = { topic, partition: 0, offset: -3, via, signal: stop.signal };
      for await (const record of kit.sdk.tail(kit.connect(), options)) seen.push(record);
    })();
    await until("the last three are there", () => seen.length === 3);
    for (let round = 0; round < 4; round++) {
      await produce(kit, topic, 5, { from: 5 + round * 5, compression: "gzip" });
      await until("it is live", () => seen.length === 8 + round * 5);
    }
    stop.abort();
    await reading;
    return { values: valuesOf(kit, seen), offsets: seen.map(({ offset }) => offset), key: kit.sdk.asText(seen[0]!.key) };
  },
  expected: { values: texts(23, 2), offsets: Array.from({ length: 23 }, (_, i) => i + 2), key: "k2" },
});

export const CONSUMING: readonly Scenario[] = [
  {
    name: "assigned partitions are read from where they are told to, in order, whatever the codec; seek goes back",
    async run(kit) {
      const topic = await aTopic(kit);
      await produce(kit, topic, 500, { batchSize: 1_000 });
      await produce(kit, topic, 500, { batchSize: 1_000, from: 500, compression: "gzip" });
      await produce(kit, topic, 10, { from: 1_000, compression: "zstd", codecs: kit.codecs });
      const consumer = new kit.sdk.Consumer(kit.connect(), { maxBytes: 2_000 });
      const place = { topic, partition: 0 };
      await consumer.assign([{ ...place, offset: "earliest" }]);
      const all = valuesOf(kit, await take(1_010, consumer)); // the last ten decoded by the broker
      consumer.seek(place, 700);
      const again = await take(100, consumer);
      const [found] = await consumer.offsetsForTimes([{ ...place, timestamp: again[50]!.timestamp }]);
      const [none] = await consumer.offsetsForTimes([{ ...place, timestamp: Date.now() + 3_600_000 }]);
      await consumer.close();
      return { all, first: again[0]!.offset, again: valuesOf(kit, again), found: found!.offset <= 750, none };
    },
    expected: { all: texts(1_010), first: 700, again: texts(100, 700), found: true, none: null },
  },
  {
    name: "a consumer at the end waits for what comes next; many partitions wait together",
    async run(kit) {
      const topic = await aTopic(kit, 12);
      const consumer = new kit.sdk.Consumer(kit.connect(), { maxInFlight: 3 });
      await consumer.assignTopic(topic, "earliest");
      const reading = take(24, consumer);
      await produce(kit, topic, 24, { partitions: 12 });
      const values = valuesOf(kit, await reading);
      const lags = consumer.assignment.map((place) => consumer.lag(place));
      await consumer.close();
      return { values: sorted(values), behind: lags.filter((lag) => lag !== 0) };
    },
    expected: { values: sorted(texts(24)), behind: [1] }, // the last record taken, which is not done
  },
  {
    name: "paused partitions give nothing until they are resumed, and the others go on",
    async run(kit) {
      const topic = await aTopic(kit, 2);
      await produce(kit, topic, 20, { partitions: 2 });
      const consumer = new kit.sdk.Consumer(kit.connect());
      await consumer.assignTopic(topic, "earliest");
      consumer.pause([{ topic, partition: 0 }]);
      const first = await take(10, consumer);
      const paused = consumer.paused.map(({ partition }) => partition);
      consumer.resume();
      const [last, ...others] = await take(11, consumer);
      await consumer.close();
      const partitionsOf = (records: readonly ConsumerRecord[]) => [...new Set(records.map(({ partition }) => partition))];
      return {
        ...{ first: partitionsOf(first), paused, others: partitionsOf(others) },
        repeated: last!.offset === first.at(-1)!.offset && last!.partition === 1, // it was taken, but nobody said that it is done
      };
    },
    expected: { first: [1], paused: [0], others: [0], repeated: true },
  },
  {
    name: "what a consumer processed is committed for its group, and the next one goes on there, each key in order",
    async run(kit) {
      const topic = await aTopic(kit);
      const groupId = `readers-of-${topic}`;
      const { groups } = new kit.sdk.Admin(kit.connect());
      await produce(kit, topic, 100);
      const first = new kit.sdk.Consumer(kit.connect(), { groupId, autoOffsetReset: "earliest" });
      await first.assign([{ topic, partition: 0 }]);
      const taken = valuesOf(kit, await take(40, first));
      await first.close();
      const [{ offset, lag } = { offset: -1, lag: -1 }] = (await groups.offsets(groupId)).offsets;
      const second = new kit.sdk.Consumer(kit.connect(), { groupId, autoOffsetReset: "earliest", autoCommitMs: 0 });
      await second.assign([{ topic, partition: 0 }]);
      const handled: ConsumerRecord[] = [];
      const running = second.run(async (record) => void handled.push(record), { concurrency: 4, order: "key" });
      await until("all is handled", () => handled.length === 61);
      await until("all is processed", async () => {
        await second.commit();
        return (await groups.offsets(groupId)).offsets[0]!.lag === 0;
      });
      await second.close();
      await running;
      const byKey = [...Map.groupBy(handled, ({ key }) => kit.sdk.asText(key)).values()].map((of) => of.map((one) => one.offset));
      const inOrder = byKey.every((offsets) => offsets.every((one, i) => i === 0 || one > offsets[i - 1]!));
      return { taken, committed: { offset, lag }, inOrder };
    },
    expected: { taken: texts(40), committed: { offset: 39, lag: 61 }, inOrder: true }, // the 40th was taken, not done
  },
  {
    name: "a consumer of what is not there is told so",
    async run(kit) {
      const topic = await aTopic(kit);
      const lost = new kit.sdk.Consumer(kit.connect());
      await lost.assign([{ topic: `${topic}-not`, partition: 0, offset: 0 }]);
      const beyond = new kit.sdk.Consumer(kit.connect(), { autoOffsetReset: "none" });
      await beyond.assign([{ topic, partition: 0, offset: 7 }]);
      const errors = [await errorOf(take(1, lost)), await errorOf(take(1, beyond))];
      await Promise.all([lost.close(), beyond.close()]);
      return errors.map((error) => [error!.name, error!.code]);
    },
    expected: [
      ["SluiceError", "UNKNOWN_TOPIC_OR_PARTITION"],
      ["OffsetOutOfRangeError", "OFFSET_OUT_OF_RANGE"],
    ],
  },
  tailed("sse"),
  tailed("websocket"),
];
