// Workers of share groups in one process with the HTTP listener and a broker in memory.

import { expect, onTestFinished, test } from "vitest";
import type { ClientOptions } from "../../../src/sdk/client.ts";
import { asText } from "../../../src/sdk/consumer/records.ts";
import { type LeasedRecord, ShareConsumer, type ShareConsumerOptions } from "../../../src/sdk/share/share-consumer.ts";
import { type TestApp, testApp } from "../../support/http.ts";
import { clientOf } from "../../support/sdk-client.ts";
import { until } from "../../support/until.ts";

/** Of a lease that a test lets end or be renewed (ms): short, and long beside a turn of the event loop. */
const SHORT_LEASE_MS = 200;

interface Asked {
  readonly path: string;
  readonly body: { readonly maxRecords?: number; readonly acks?: string[]; readonly renewals?: object[]; readonly releases?: object[] };
}

/** A broker with the values in partition 0 of the topic `jobs`, and what it is asked. */
async function start(...values: string[]) {
  const app = testApp();
  await app.broker.createTopic({ name: "jobs", partitions: 2 });
  await produce(app, values);
  const asked: Asked[] = [];
  /** Answers in the broker's place, where a test has put something. */
  const instead: { answer: ((asked: Asked) => Promise<Response | undefined> | Response | undefined) | null } = { answer: null };
  const fetch: NonNullable<ClientOptions["fetch"]> = async (url, init) => {
    const { pathname, search } = new URL(url);
    const one = { path: pathname, body: JSON.parse(String(init.body)) as Asked["body"] };
    asked.push(one);
    return (await instead.answer?.(one)) ?? app.request(pathname + search, init);
  };
  const errors: { error: unknown; record: LeasedRecord | null }[] = [];
  /** Pulls wait shortly: nothing in memory rings for a delay that ends. */
  const consumer = (options: Partial<ShareConsumerOptions> = {}) => {
    const made = new ShareConsumer(clientOf(app, { fetch }), {
      ...{ groupId: "workers", topics: ["jobs"], maxWaitMs: 100, onError: (error, record) => void errors.push({ error, record }) },
      ...options,
    });
    onTestFinished(() => made.close({ timeoutMs: 0 }));
    return made;
  };
  return { app, asked, instead, errors, consumer, acks: () => asked.filter(({ path }) => path.endsWith("/ack")) };
}

async function produce(app: TestApp, values: readonly string[], partition = 0): Promise<void> {
  const records = values.map((value) => ({ key: "k", value, partition }));
  if (records.length > 0) expect((await app.send("POST", "/v1/topics/jobs/records", { records })).status).toBe(200);
}

interface Counts {
  readonly acquired: number;
  readonly available: number;
  readonly acknowledged: number;
  readonly archived: number;
  readonly lag: number;
}

/** Of partition 0; none before the first pull. */
async function counts(app: TestApp): Promise<Counts> {
  const { partitions = [] } = (await (await app.get("/v1/share-groups/workers")).json()) as { partitions?: Counts[] };
  return partitions[0] ?? { acquired: 0, available: 0, acknowledged: 0, archived: 0, lag: 0 };
}

const put = (app: TestApp, settings: object) => app.send("PUT", "/v1/share-groups/workers", settings);
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `v${i}`);
const textOf = ({ value }: LeasedRecord) => asText(value) ?? "";
const settled = (app: TestApp, count: number) => until(`${count} are acknowledged`, async () => (await counts(app)).acknowledged === count);
const QUICK_RETRY = { initialMs: 1, maxMs: 2 };

test("a record is acknowledged when its handler returns, delivered again when it throws, rejected where the error says so", async () => {
  const { app, consumer, errors } = await start("fine", "flaky", "bad");
  const handled: string[] = [];
  const worker = consumer();
  const run = worker.run(
    (record) => {
      handled.push(`${textOf(record)} ${record.deliveryCount}`);
      if (textOf(record) === "bad") throw new SyntaxError("never any better");
      if (textOf(record) === "flaky" && record.deliveryCount < 3) throw new Error("later");
    },
    { rejectOn: [SyntaxError], retry: QUICK_RETRY },
  );
  await settled(app, 2);
  await worker.close();
  await run;
  expect(handled.toSorted()).toEqual(["bad 1", "fine 1", "flaky 1", "flaky 2", "flaky 3"]);
  expect(await counts(app)).toMatchObject({ acknowledged: 2, archived: 1, acquired: 0, lag: 0 });
  expect(errors.map(({ error, record }) => `${textOf(record!)}: ${(error as Error).message}`).toSorted()).toEqual([
    "bad: never any better",
    "flaky: later",
    "flaky: later",
  ]);
});

test("a record that failed waits longer for each delivery", async () => {
  const { app, consumer, acks } = await start("a");
  await put(app, { maxDeliveries: 3 });
  const worker = consumer();
  const run = worker.run(
    () => {
      throw new Error("always");
    },
    { retry: { initialMs: 10, maxMs: 15 } },
  );
  await until("it is given up", async () => (await counts(app)).archived === 1);
  await worker.close();
  await run;
  const delays = acks().flatMap(({ body }) => (body.releases as { delayMs: number }[]).map(({ delayMs }) => delayMs));
  expect(delays).toHaveLength(3);
  const [first, second, third] = delays as [number, number, number];
  expect([first >= 8, first <= 12, second >= 12, second <= 18, third <= 18]).toEqual([true, true, true, true, true]);
});

test("a handler may settle its record itself", async () => {
  const { app, consumer } = await start("a", "b", "c");
  const worker = consumer();
  const seen: string[] = [];
  const run = worker.run(async (record) => {
    seen.push(`${textOf(record)} ${record.deliveryCount}`);
    if (textOf(record) === "a") await record.reject();
    if (textOf(record) === "b" && record.deliveryCount === 1) await record.release({ delayMs: 1 });
    if (textOf(record) === "c") {
      await record.ack();
      throw new Error("after all was done");
    }
  });
  await settled(app, 2);
  await worker.close();
  await run;
  expect(seen.toSorted()).toEqual(["a 1", "b 1", "b 2", "c 1"]);
  expect(await counts(app)).toMatchObject({ acknowledged: 2, archived: 1, lag: 0 });
});

test("a settled record, and a time that no lease can have, are refused", async () => {
  const { consumer } = await start("a");
  for await (const record of consumer()) {
    expect(() => record.release({ delayMs: -1 })).toThrow(RangeError);
    expect(() => record.renew({ leaseMs: 0.5 })).toThrow(RangeError);
    expect(record.isOpen).toBe(true);
    await record.ack();
    expect(record.isOpen).toBe(false);
    await expect(record.ack()).rejects.toMatchObject({ code: "INVALID_RECORD_STATE" });
    await expect(record.renew()).rejects.toMatchObject({ code: "INVALID_RECORD_STATE" });
    break;
  }
});

test("in a loop a record is acknowledged once the next is asked for; what was not when it is left goes back", async () => {
  const { app, consumer } = await start("a", "b", "c", "d");
  const seen: string[] = [];
  for await (const record of consumer()) {
    seen.push(textOf(record));
    if (textOf(record) === "b") await record.release();
    if (seen.length === 3) break;
  }
  expect(seen.slice(0, 2)).toEqual(["a", "b"]);
  expect(await counts(app)).toMatchObject({ acknowledged: 1, acquired: 0, lag: 3 });
});

test("acknowledged by hand, what is not comes again when its lease ends", async () => {
  const { app, consumer, asked } = await start("a", "b");
  const worker = consumer({ acknowledgement: "explicit", leaseMs: SHORT_LEASE_MS });
  const seen: string[] = [];
  for await (const record of worker) {
    seen.push(`${textOf(record)} ${record.deliveryCount}`);
    if (textOf(record) === "b" || record.deliveryCount > 1) await record.ack();
    if (seen.includes("a 2") && seen.some((one) => one.startsWith("b"))) break;
  }
  expect(await counts(app)).toMatchObject({ acknowledged: 2, lag: 0 });
  expect(asked.some(({ body }) => (body.renewals ?? []).length > 0)).toBe(false);
});

test("the lease of a slow handler is renewed for as long as it runs", async () => {
  const { app, consumer, acks } = await start("slow");
  const renewals = () => acks().filter(({ body }) => body.renewals!.length > 0).length;
  const worker = consumer({ leaseMs: SHORT_LEASE_MS });
  const deliveries: number[] = [];
  const run = worker.run(async (record) => {
    deliveries.push(record.deliveryCount);
    await until("it is renewed four times: twice a lease", () => renewals() >= 4);
  });
  await settled(app, 1);
  const count = renewals();
  await worker.close();
  await run;
  expect(deliveries).toEqual([1]);
  expect(renewals()).toBe(count);
});

test("a handler that hangs keeps its record no longer than it may", async () => {
  const { consumer } = await start("a");
  const over = Promise.withResolvers<void>();
  const hung = consumer({ leaseMs: SHORT_LEASE_MS, maxHandlingMs: 1 });
  const hanging = hung.run(() => over.promise);
  await until("it has the record", () => hung.held === 1);
  for await (const record of consumer()) {
    expect([textOf(record), record.deliveryCount]).toEqual(["a", 2]);
    break;
  }
  over.resolve();
  await hung.close();
  await hanging;
});

test("no more is held than can be handled in time: nothing ahead before a pace is known, and what waits in vain goes to others", async () => {
  const { app, consumer, asked } = await start(...numbered(50));
  const over = Promise.withResolvers<void>();
  const first = consumer({ leaseMs: SHORT_LEASE_MS });
  let handled = 0;
  const running = first.run(async () => {
    if (++handled === 20) await over.promise; // up to here each took no time
  });
  await until("it hangs", () => handled === 20);
  expect(asked.find(({ path }) => path.endsWith("/pull"))!.body.maxRecords).toBe(1);
  await until("it holds but the record that it handles", () => first.held === 1);
  const second = consumer();
  const others: string[] = [];
  const working = second.run((record) => void others.push(textOf(record)));
  await settled(app, 49);
  expect(others).toHaveLength(30);
  over.resolve();
  await settled(app, 50);
  await Promise.all([first.close(), second.close()]);
  await Promise.all([running, working]);
});

test("acknowledgements go together while one request is under way", async () => {
  const { app, consumer, acks } = await start(...numbered(300));
  const worker = consumer();
  const run = worker.run(() => {}, { concurrency: 4 });
  await settled(app, 300);
  await worker.close();
  await run;
  expect(acks().flatMap(({ body }) => body.acks)).toHaveLength(300);
  expect(acks().length).toBeLessThan(150);
});

test("no more handlers run at a time than may", async () => {
  const { app, consumer } = await start(...numbered(20));
  const worker = consumer();
  let [running, most] = [0, 0];
  const gate = Promise.withResolvers<void>();
  const run = worker.run(
    async () => {
      most = Math.max(most, ++running);
      await gate.promise;
      running--;
    },
    { concurrency: 5 },
  );
  await until("five run", () => running === 5);
  gate.resolve();
  await settled(app, 20);
  await worker.close();
  await run;
  expect(most).toBe(5);
});

test("closing gives back what waits, lets handlers end, and sends what they acknowledged", async () => {
  const { app, consumer } = await start(...numbered(40));
  const worker = consumer();
  const gate = Promise.withResolvers<void>();
  const handled: string[] = [];
  const run = worker.run(async (record) => {
    handled.push(textOf(record));
    if (handled.length === 10) await gate.promise;
  });
  await until("it waits, with others behind", () => handled.length === 10 && worker.held > 1);
  const closing = worker.close();
  await until("what waits is given back", async () => (await counts(app)).acquired === 1);
  gate.resolve();
  await closing;
  await run;
  expect(handled).toHaveLength(10);
  expect(await counts(app)).toMatchObject({ acknowledged: 10, acquired: 0, lag: 30 });
  await expect(worker.run(() => {})).rejects.toMatchObject({ name: "ClosedError" });
});

test("closing waits no longer than it is told to, and a loop may close its own consumer", async () => {
  const { app, consumer } = await start("a", "b");
  const hung = consumer();
  const over = Promise.withResolvers<void>();
  const hanging = hung.run(() => over.promise);
  await until("it hangs", () => hung.held === 1);
  await hung.close({ timeoutMs: 1 });
  over.resolve();
  await hanging;
  const looping = consumer();
  for await (const record of looping) {
    expect(textOf(record)).toBe("b");
    await looping.close();
  }
  await settled(app, 1);
  expect(await counts(app)).toMatchObject({ acquired: 0, lag: 1 });
});

test("what a pull brings that waited when the consumer was closed goes back", async () => {
  const { app, asked, consumer } = await start();
  const worker = consumer({ maxWaitMs: 60_000 });
  const handled: string[] = [];
  const run = worker.run((record) => void handled.push(textOf(record)));
  await until("it pulls", () => asked.length === 1);
  const closing = worker.close();
  await produce(app, ["late"]);
  await closing;
  await run;
  expect([handled, await counts(app)]).toMatchObject([[], { acquired: 0, lag: 1 }]);
});

test("closing hangs up on a pull that waits longer than it is told to", async () => {
  const { asked, consumer } = await start();
  const worker = consumer({ maxWaitMs: 60_000 });
  const run = worker.run(() => {});
  await until("it pulls", () => asked.length === 1);
  await worker.close({ timeoutMs: 1 });
  await run;
});

test("of an ordered partition one record is handled at a time, also where one fails; other partitions in parallel", async () => {
  const { app, consumer } = await start(...numbered(12));
  await produce(app, ["other"], 1);
  const worker = consumer({ order: "partition" });
  const handled: string[] = [];
  let busy = 0;
  const other = Promise.withResolvers<void>();
  const run = worker.run(
    async (record) => {
      if (record.partition === 1) return other.promise;
      expect(++busy).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      busy--;
      if (textOf(record) === "v5" && record.deliveryCount === 1) throw new Error("again");
      handled.push(textOf(record));
    },
    { concurrency: 8, retry: QUICK_RETRY },
  );
  await settled(app, 12);
  other.resolve();
  await worker.close();
  await run;
  expect(handled).toEqual(numbered(12));
});

test("a pull that fails for now is made again, and told; one that is refused for good ends the run, and the loop", async () => {
  const { app, instead, errors, consumer } = await start("a");
  let failures = 2;
  instead.answer = ({ path }) => (path.endsWith("/pull") && failures-- > 0 ? new Response("busy", { status: 503 }) : undefined);
  const worker = consumer();
  const run = worker.run(() => {});
  await settled(app, 1);
  await worker.close();
  await run;
  expect(errors.map(({ error, record }) => [(error as { code: string }).code, record])).toEqual([
    ["NETWORK_EXCEPTION", null],
    ["NETWORK_EXCEPTION", null],
  ]);
  await expect(consumer({ topics: ["nowhere"] }).run(() => {})).rejects.toMatchObject({ code: "UNKNOWN_TOPIC_OR_PARTITION" });
  await expect(consumer({ order: "key" }).run(() => {}, { concurrency: 3 })).rejects.toMatchObject({ code: "INVALID_REQUEST" });
  const looping = consumer({ topics: ["nowhere"] });
  await expect(looping[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "UNKNOWN_TOPIC_OR_PARTITION" });
});

test("an acknowledgement that comes too late is told with its record, which is delivered again", async () => {
  const { app, errors, consumer } = await start("a");
  const worker = consumer({ acknowledgement: "explicit" });
  for await (const record of worker) {
    await app.send("POST", "/v1/share-groups/workers/reset", { topic: "jobs", to: "earliest" }); // every lease is void
    await expect(record.ack()).rejects.toMatchObject({ code: "INVALID_RECORD_STATE", errorCode: 121 });
    break;
  }
  expect(errors).toMatchObject([{ error: { code: "INVALID_RECORD_STATE" }, record: { offset: 0 } }]);
  for await (const record of consumer()) {
    expect(textOf(record)).toBe("a");
    break;
  }
});

test("a request names a lease once: what is asked of it again goes with the next", async () => {
  const { app, acks, consumer } = await start("a");
  for await (const record of consumer()) {
    await Promise.all([record.renew({ leaseMs: 60_000 }), record.renew(), record.ack()]);
    break;
  }
  expect(acks().map(({ body }) => [body.renewals!.length, body.acks!.length])).toEqual([
    [1, 0],
    [1, 0],
    [0, 1],
  ]);
  expect(await counts(app)).toMatchObject({ acknowledged: 1 });
});

test("a lease that is refused for the moment is asked for again by itself", async () => {
  const { app, instead, acks, consumer } = await start("a", "b");
  let isFirst = true;
  instead.answer = async ({ path, body }) => {
    if (!path.endsWith("/ack") || body.acks!.length !== 2 || !isFirst) return undefined;
    isFirst = false;
    const [kept, refused] = body.acks as [string, string];
    expect((await app.send("POST", path, { acks: [kept] })).status).toBe(200);
    const refusal = { leaseId: refused, code: "LEADER_NOT_AVAILABLE", errorCode: 5, detail: "not now" };
    return Response.json({ settled: 1, errors: [refusal] });
  };
  const worker = consumer({ acknowledgement: "explicit" });
  const records: LeasedRecord[] = [];
  for await (const record of worker) if (records.push(record) === 2) break;
  await Promise.all(records.map((record) => record.ack()));
  expect(acks().map(({ body }) => body.acks!.length)).toEqual([2, 1]);
  await settled(app, 2);
});

test("a callback that throws ends the run with its error", async () => {
  const { consumer } = await start("a");
  const worker = consumer({
    onError: () => {
      throw new Error("from the callback");
    },
  });
  const run = worker.run(() => {
    throw new Error("from the handler");
  });
  await expect(run).rejects.toThrow("from the callback");
});

test("one reading at a time, and a count that is one", async () => {
  const { consumer } = await start();
  const worker = consumer();
  const run = worker.run(() => {});
  await expect(worker.run(() => {})).rejects.toThrow(TypeError);
  await worker.close();
  await run;
  await expect(consumer().run(() => {}, { concurrency: 0 })).rejects.toThrow(RangeError);
});
