// Webhooks over the network, by `npm start`: the long form is `node test/e2e/webhooks.ts`.

import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Broker, startBroker } from "../support/broker.ts";
import { type ReceivedCall, startReceiver } from "../support/hook-receiver.ts";
import { until } from "../support/until.ts";
import { callJson, crashUnderWebhooks } from "./webhooks.ts";

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker({ env: { SLUICE_ALLOW_PRIVATE_WEBHOOKS: "1" } });
});
afterAll(async () => {
  await broker.stop();
});

/** A topic, a receiver, and a subscription of one name. */
async function startHook(name: string, config: Record<string, unknown> = {}, behave?: Parameters<typeof startReceiver>[0]) {
  const receiver = await startReceiver(behave);
  onTestFinished(() => receiver.close());
  await callJson(broker, "POST", "/v1/topics", { name, partitions: 1 });
  const put = { topics: [name], url: receiver.url, from: "earliest", ...config };
  const { secret } = await callJson<{ secret: string }>(broker, "PUT", `/v1/subscriptions/${name}`, put);
  const produce = (values: readonly unknown[]) =>
    callJson<{ offsets: [number, number][] }>(broker, "POST", `/v1/topics/${name}/records`, {
      records: values.map((value) => ({ value })),
    });
  const offsets = (from = 0) => receiver.calls.slice(from).flatMap(({ records }) => records.map(({ offset }) => offset));
  return { receiver, secret, put, produce, offsets };
}

test("kill -9 of the broker and a hostile receiver lose nothing and break no order", async ({ annotate }) => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const figures = await crashUnderWebhooks({ kills: 3, seed });
  await annotate(JSON.stringify(figures));
  expect(figures.records).toBeGreaterThan(0);
});

test("a rewind to a timestamp delivers exactly that range again", async () => {
  const { receiver, produce, offsets } = await startHook("rewound");
  await produce([0, 1, 2]);
  await sleep(5); // timestamps are milliseconds: the next ones are later
  const timestamp = Date.now();
  await produce([3, 4]);
  await until("all are delivered", () => offsets().length === 5);
  const before = receiver.calls.length;
  await callJson(broker, "POST", "/v1/subscriptions/rewound/replay", { to: { timestamp } });
  await until("the range is delivered again", () => offsets(before).length >= 2);
  await produce([5]);
  await until("it goes on", () => offsets(before).includes(5));
  expect(offsets(before)).toEqual([3, 4, 5]);
});

test("what a transaction aborts is not delivered, what it commits is, once it has", async () => {
  const { produce, offsets } = await startHook("transacted");
  const producer = await callJson<object>(broker, "POST", "/v1/producers", { transactionalId: "hooked" });
  const send = (baseSequence: number) =>
    callJson(broker, "POST", "/v1/topics/transacted/records", {
      ...{ records: [{ value: "in a transaction" }], transactionalId: "hooked", baseSequence },
      ...producer,
    });
  await send(0);
  await callJson(broker, "POST", "/v1/transactions/hooked/abort", producer);
  await send(1);
  await callJson(broker, "POST", "/v1/transactions/hooked/commit", producer);
  await produce(["plain"]);
  await until("the plain record is delivered", () => offsets().includes(4));
  expect(offsets()).toEqual([2, 4]);
});

test("pauses and resumes lose nothing and repeat nothing", async () => {
  const { produce, offsets } = await startHook("paused");
  for (let i = 0; i < 10; i++) {
    await produce([i]);
    await callJson(broker, "POST", `/v1/subscriptions/paused/${i % 2 === 0 ? "pause" : "resume"}`, {});
  }
  await callJson(broker, "POST", "/v1/subscriptions/paused/resume", {});
  await until("all are delivered", () => offsets().length >= 10);
  expect(offsets()).toEqual([...Array(10).keys()]);
});

test("a rotation of the secret has no failed delivery, for a receiver that learns of it late", async () => {
  const verdicts: boolean[] = [];
  let known = "";
  const verify = ({ headers, body }: ReceivedCall) => {
    try {
      new Webhook(known).verify(body, headers as Record<string, string>);
      verdicts.push(true);
      return "accept" as const;
    } catch {
      verdicts.push(false);
      return "fail" as const;
    }
  };
  const { secret, produce, offsets } = await startHook("rotated", { paused: true }, verify);
  known = secret;
  await callJson(broker, "POST", "/v1/subscriptions/rotated/resume", {});
  await produce(["before"]);
  await until("one is delivered", () => offsets().length === 1);
  const rotated = await callJson<{ secret: string }>(broker, "POST", "/v1/subscriptions/rotated/rotate-secret", { overlapMs: 60_000 });
  await produce(["with the old one"]);
  await until("two are delivered", () => offsets().length === 2);
  known = rotated.secret;
  await produce(["with the new one"]);
  await until("three are delivered", () => offsets().length === 3);
  expect(verdicts).toEqual([true, true, true]);
});

test("bodies without an end do not hold up deliveries, nor fill the broker's memory", async () => {
  const { produce, offsets } = await startHook("endless", { order: "none", batch: { maxRecords: 1 } }, () => "acceptEndless");
  await produce([...Array(20).keys()]);
  await until("all are delivered", () => new Set(offsets()).size === 20);
  const { deliveries } = await callJson<{ deliveries: { outcome: string }[] }>(broker, "GET", "/v1/subscriptions/endless/deliveries");
  expect(deliveries.filter(({ outcome }) => outcome !== "delivered")).toEqual([]);
});

test("without the setting no private address is taken, however it is spelt", async () => {
  const closed = await startBroker();
  onTestFinished(async () => {
    await closed.stop();
  });
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  await callJson(closed, "POST", "/v1/topics", { name: "t" });
  for (const url of [
    receiver.url,
    `https://127.0.0.1:${receiver.port}/`,
    "https://[::ffff:7f00:1]/",
    "https://0x7f.1/",
    "https://localhost/",
  ]) {
    await expect(callJson(closed, "PUT", "/v1/subscriptions/s", { topics: ["t"], url })).rejects.toThrow("400");
  }
});
