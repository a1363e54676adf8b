// The SDK's consumer of partitions that its program names, over a broker in memory: what it gives, and when it ends.

import { expect, onTestFinished, test } from "vitest";
import type { ConsumerOptions } from "../../../src/sdk/consumer/consumer.ts";
import { Consumer } from "../../../src/sdk/consumer/consumer.ts";
import type { ConsumerRecord } from "../../../src/sdk/consumer/records.ts";
import { SharedWait } from "../../../src/sdk/consumer/shared-wait.ts";
import { appWithTopic, produceN, type TestApp } from "../../support/http.ts";
import { clientOf } from "../../support/sdk-client.ts";
import { until } from "../../support/until.ts";

const PLACE = { topic: "orders", partition: 0 };

/** @param refuse answers in the broker's stead where it gives something */
async function consumerOf(app: TestApp, options: ConsumerOptions = {}, refuse: (path: string) => Response | undefined = () => undefined) {
  const fetch = async (url: string, init: RequestInit) => {
    const { pathname, search } = new URL(url);
    await new Promise((resolve) => setTimeout(resolve, 1)); // nothing in memory waits, and the consumer would ask without end
    return refuse(pathname + search) ?? app.request(pathname + search, init);
  };
  const consumer = new Consumer(clientOf(app, { fetch }), options);
  onTestFinished(() => consumer.close());
  await consumer.assign([{ ...PLACE, offset: "earliest" }]);
  return consumer;
}

const offsets = (records: readonly ConsumerRecord[]) => records.map(({ offset }) => offset);

test("a partition that failed is read on by who comes back", async () => {
  const app = await appWithTopic();
  await produceN(app, 2);
  let isRefused = true;
  const refused = () => Response.json({ code: "TOPIC_AUTHORIZATION_FAILED", detail: "no", retriable: false }, { status: 403 });
  const consumer = await consumerOf(app, {}, (path) => (isRefused && path.includes("/records") ? refused() : undefined));
  await expect(consumer[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "TOPIC_AUTHORIZATION_FAILED" });
  isRefused = false;
  const { value } = await consumer[Symbol.asyncIterator]().next();
  expect(value).toMatchObject({ offset: 0 });
});

test("a closed consumer gives no more of the page that is being processed", async () => {
  const app = await appWithTopic();
  await produceN(app, 5);
  const seen: ConsumerRecord[] = [];
  const looped = await consumerOf(app);
  for await (const record of looped) if (seen.push(record) === 2) await looped.close();
  expect(offsets(seen)).toEqual([0, 1]);
  seen.length = 0;
  const run = await consumerOf(app);
  await run.run(async (record) => void (seen.push(record) === 2 && (await run.close())));
  expect(offsets(seen)).toEqual([0, 1]);
});

test("a handler that seeks gets nothing more of the page from before", async () => {
  const app = await appWithTopic();
  await produceN(app, 5);
  const consumer = await consumerOf(app);
  const seen: number[] = [];
  await consumer.run(async ({ offset }) => {
    seen.push(offset);
    if (seen.length === 1) consumer.seek(PLACE, 3);
    if (offset === 4) await consumer.close();
  });
  expect(seen).toEqual([0, 3, 4]);
});

test("the position is that of the record that is being processed, from the first on", async () => {
  const app = await appWithTopic();
  await produceN(app, 2);
  const consumer = await consumerOf(app);
  const positions: (number | null)[] = [];
  await consumer.run(async () => {
    if (positions.push(consumer.position(PLACE)) === 2) await consumer.close();
  });
  expect(positions).toEqual([0, 1]);
});

test("a number of lanes that is none is refused, and nothing counts as processed", async () => {
  const app = await appWithTopic();
  await produceN(app, 3);
  for (const concurrency of [0, -1, Number.NaN, 1.5]) {
    const consumer = await consumerOf(app);
    await expect(consumer.run(() => undefined, { concurrency })).rejects.toThrow("concurrency");
    expect(consumer.position(PLACE)).toBe(0);
  }
});

test("options that would read nothing, or at no time, are refused by name", () => {
  const client = clientOf({} as TestApp);
  for (const name of ["maxBytes", "maxWaitMs", "prefetchPages", "maxInFlight", "autoCommitMs"]) {
    expect(() => new Consumer(client, { [name]: Number.NaN })).toThrow(name);
    expect(() => new Consumer(client, { [name]: -1 })).toThrow(name);
  }
  expect(() => new Consumer(client, { prefetchPages: 0 })).toThrow("prefetchPages");
  expect(() => new Consumer(client, { maxInFlight: 0 })).toThrow("maxInFlight");
});

test("an option that is undefined has its default", async () => {
  const app = await appWithTopic();
  await produceN(app, 1);
  const consumer = await consumerOf(app, { isolation: undefined, prefetchPages: undefined } as unknown as ConsumerOptions);
  expect((await consumer[Symbol.asyncIterator]().next()).value).toMatchObject({ offset: 0 });
});

test("partitions without an offset to begin at change nothing where autoOffsetReset is none", async () => {
  const app = await appWithTopic();
  const consumer = await consumerOf(app, { autoOffsetReset: "none" });
  await expect(consumer.assign([{ topic: "orders", partition: 1 }])).rejects.toThrow("autoOffsetReset");
  expect(consumer.assignment).toEqual([PLACE]);
});

test("what is written after the end was found is given, though the first wait for it breaks", async () => {
  const app = await appWithTopic();
  const waits: string[] = [];
  let isLost = false;
  const consumer = await consumerOf(app, {}, (path) => {
    if (!path.includes("/records")) return;
    waits.push(path);
    if (!isLost && !path.includes("maxWaitMs=0&")) {
      isLost = true;
      return new Response("gone", { status: 502 });
    }
    return;
  });
  await consumer.assign([{ ...PLACE, offset: "latest" }]);
  const next = consumer[Symbol.asyncIterator]().next();
  await until("the wait broke", () => isLost);
  await produceN(app, 1);
  expect((await next).value).toMatchObject({ offset: 0 });
  expect(waits.filter((path) => path.includes("offset=latest")).every((path) => path.includes("maxWaitMs=0&"))).toBe(true);
});

test("partitions that wait together leave nothing at the signal of each", async () => {
  const app = await appWithTopic();
  await produceN(app, 1);
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  signal.addEventListener = (_: string, listener: unknown) => void listeners.add(listener);
  signal.removeEventListener = (_: string, listener: unknown) => void listeners.delete(listener);
  const wait = new SharedWait(clientOf(app), "read_uncommitted", 0);
  for (let count = 0; count < 3; count++) await wait.for({ ...PLACE, offset: 0 }, signal);
  expect(listeners.size).toBe(0);
});
