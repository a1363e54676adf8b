// `sluice mirror` between two brokers, by HTTP and by Kafka's protocol, each way, with a kill -9 in the middle.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type Broker, startBroker } from "../support/broker.ts";
import { NOBODY, runSluice, sluice, sluiceJson, sluiceWith, startSluice } from "../support/cli.ts";
import { until } from "../support/until.ts";

/** The first start builds the Worker. */
const START_TIMEOUT_MS = 120_000;

/** Everything of a record but the header of the mirror. */
const FORMAT = "%p %o %T %k=%v|%K %S\\n";

let source: Broker;
let target: Broker;

beforeAll(async () => {
  source = await startBroker();
  target = await startBroker();
}, START_TIMEOUT_MS);
afterAll(async () => {
  await source?.stop();
  await target?.stop();
});

const WAYS = [
  ["http to http", () => source.url, () => target.url],
  ["kafka to http", () => `kafka://${source.kafkaAddress}`, () => target.url],
  ["http to kafka", () => source.url, () => `kafka://${target.kafkaAddress}`],
  ["kafka to kafka", () => `kafka://${source.kafkaAddress}`, () => `kafka://${target.kafkaAddress}`],
] as const;

async function sortedRecords(url: string, topic: string): Promise<string[]> {
  return (await sluice(url, "consume", topic, "--exit-at-end", "--format", FORMAT)).split("\n").sort();
}

test.each(WAYS)("%s: all of every record, and a group's place", async (name, from, to) => {
  const topic = name.replaceAll(" ", "-");
  await sluice(source.url, "topics", "create", topic, "--partitions", "3");
  const records = Array.from({ length: 300 }, (_, i) =>
    JSON.stringify({ key: `k${i % 17}`, value: `v${i}`, timestamp: 1_700_000_000_000 + i }),
  );
  const special = [
    '{"key":"deleted","value":null}',
    '{"value":"","headers":[{"key":"h","value":"1"},{"key":"h","value":null}]}',
    '{"value":{"base64":"/w=="}}',
  ];
  await sluiceWith({ url: source.url, input: [...records, ...special].join("\n") }, "produce", topic, "--ndjson");
  await sluice(source.url, "consume", topic, "--group", topic, "--count", "120");
  const flags = ["mirror", "--source", from(), "--target", to(), "--topic", topic, "--group", topic, "--exit-at-end", "--json"];
  expect(JSON.parse(await sluice(source.url, ...flags))).toMatchObject({ records: 303, skipped: 0 });
  expect(await sortedRecords(target.url, topic)).toEqual(await sortedRecords(source.url, topic));
  const places = async (url: string) =>
    (await sluiceJson<{ offsets: { partition: number; offset: number }[] }>(url, "groups", "describe", topic)).offsets.map(
      ({ partition, offset }) => [partition, offset],
    );
  expect(await places(target.url)).toEqual(await places(source.url));
  const headers = await sluice(target.url, "consume", topic, "-e", "--header", "h", "--format", "%h\\n");
  expect(headers).toMatch(/^h=1,h=,sluice-mirror=[\w-]+\/[\w-]+\/\d\/\d+\n$/);
  expect(JSON.parse(await sluice(source.url, ...flags))).toMatchObject({ records: 0 });
  const back = ["mirror", "--source", to(), "--target", from(), "--topic", topic, "--exit-at-end", "--json"];
  expect(JSON.parse(await sluice(source.url, ...back))).toMatchObject({ records: 0, skipped: 303 });
});

test.each(WAYS)("%s: killed in the middle, and started again, it copies each record once", async (name, from, to) => {
  const topic = `killed-${name.replaceAll(" ", "-")}`;
  await sluice(source.url, "topics", "create", topic, "--partitions", "2");
  const lines = Array.from({ length: 20_000 }, (_, i) => `${i}:${"x".repeat(200)}`).join("\n");
  await sluiceWith({ url: source.url, input: lines }, "produce", topic, "--key-separator", ":");
  const flags = ["mirror", "--source", from(), "--target", to(), "--topic", topic];
  const first = startSluice(flags);
  await until("something is copied", async () => (await copiedRecords(topic)) > 0);
  await first.kill9();
  const second = startSluice(flags);
  await until("all is copied", async () => (await copiedRecords(topic)) >= 20_000);
  await sluiceWith({ url: source.url, input: "late:1\n" }, "produce", topic, "--key-separator", ":");
  await until("what comes later is copied too", async () => (await copiedRecords(topic)) >= 20_001);
  expect(await second.interrupt()).toMatchObject({ code: 0, out: expect.stringContaining("copied") });
  expect(await sortedRecords(target.url, topic)).toEqual(await sortedRecords(source.url, topic));
});

async function copiedRecords(topic: string): Promise<number> {
  const { code, out } = await runSluice(["offsets", topic, "--json"], { url: target.url });
  if (code !== 0) return 0;
  const { offsets } = JSON.parse(out) as { offsets: { highWatermark: number }[] };
  return offsets.reduce((sum, { highWatermark }) => sum + highWatermark, 0);
}

test("what an aborted transaction wrote is not copied from a Kafka source", async () => {
  await sluice(source.url, "topics", "create", "aborted");
  const post = async (path: string, body: object) =>
    fetch(source.url + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const { producerId, producerEpoch } = (await (await post("/v1/producers", { transactionalId: "tx" })).json()) as {
    producerId: number;
    producerEpoch: number;
  };
  const producer = { producerId, producerEpoch };
  await post("/v1/topics/aborted/records", { records: [{ value: "lost" }], transactionalId: "tx", ...producer, baseSequence: 0 });
  await post("/v1/transactions/tx/abort", producer);
  await sluiceWith({ url: source.url, input: "kept\n" }, "produce", "aborted");
  await sluice(source.url, "mirror", "--source", `kafka://${source.kafkaAddress}`, "--target", target.url, "-t", "aborted", "-e");
  expect(await sluice(target.url, "consume", "aborted", "-e")).toBe("kept\n");
});

test.each([
  ["nothing listens", () => ["--source", `kafka://${NOBODY}`], 1, "cannot be used"],
  ["itself", () => ["--source", `kafka://${target.kafkaAddress}`], 1, "same cluster"],
  ["a password in the address", () => ["--source", "kafka://u:p@a:1"], 2, "--source-secret"],
  ["a topic that is not there", () => ["--source", source.url, "--topic", "missing"], 1, "the source has no topic missing"],
])("%s: said in one line", async (_, flags, exitCode, words) => {
  const { code, err } = await runSluice(["mirror", "--target", target.url, "--pattern", "aborted", "-e", ...flags()]);
  expect(err).toContain(words);
  expect(err.trimEnd().split("\n")).toHaveLength(1);
  expect(code).toBe(exitCode);
});
