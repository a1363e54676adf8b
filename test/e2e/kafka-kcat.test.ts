// kcat, that is librdkafka, on the Kafka door as its users run it: it lists, produces and consumes, alone and in a balanced group, and
// shares topics with HTTP.

import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { loadDatasets } from "../../examples/real-data/datasets.ts";
import { ATTRIBUTE_CODEC_MASK, batchHeaders } from "../../src/record/record-batch.ts";
import { COMPRESSIONS } from "../../src/wasm/record-batches.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { hasKcat, type RunningKcat, runKcat, startKcat } from "../support/kcat.ts";
import { createTopic, expectOk, fetchAllRaw, fetchRecords, type PartitionPlace } from "../support/raw-batches.ts";
import { until } from "../support/until.ts";

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker?.stop();
});

if (!hasKcat()) console.error("kcat is not installed: THE KAFKA DOOR IS NOT TESTED WITH IT. .ci/run installs it.");

test.skipIf(!process.env.CI && !hasKcat())("kcat is there", () => {
  expect(hasKcat()).toBe(true);
});

const on = (topic: string, ...args: string[]): string[] => ["-b", broker.kafkaAddress, "-t", topic, ...args];
const produce = (input: string | Uint8Array, topic: string, ...args: string[]) => runKcat(["-P", ...on(topic, ...args)], input);
const consume = (topic: string, ...args: string[]) => runKcat(["-C", "-q", "-e", ...on(topic, ...args)]);
const lines = (count: number, line: (i: number) => string): string => Array.from({ length: count }, (_, i) => `${line(i)}\n`).join("");

describe.skipIf(!hasKcat())("kcat", () => {
  test("lists brokers, topics and partitions, at the address that it came by", async () => {
    await createTopic(broker.url, "listed", 3);
    const listing = JSON.parse(await runKcat(["-L", "-J", "-b", broker.kafkaAddress])) as Listing;
    expect(listing.brokers).toEqual([{ id: 1, name: broker.kafkaAddress }]);
    expect(listing.controllerid).toBe(1);
    const topic = listing.topics.find(({ topic }) => topic === "listed");
    expect(topic?.partitions.map(({ partition, leader }) => [partition, leader])).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
  });

  test("a topic that is produced to is made, with one partition", async () => {
    await produce("first\n", "made-on-the-way");
    expect(await consume("made-on-the-way")).toBe("first\n");
    const { partitions } = (await (await fetch(`${broker.url}/v1/topics/made-on-the-way`)).json()) as { partitions: unknown[] };
    expect(partitions).toHaveLength(1);
  });

  test.each(COMPRESSIONS)("records come back as they were sent, and are stored in the codec: %s", async (codec) => {
    const [place] = (await createTopic(broker.url, `codec-${codec}`)) as [PartitionPlace];
    const input = lines(2_000, (i) => `key-${i % 7}\t${codec} ${i} ${"žluťoučký kůň ".repeat(i % 5)}`);
    await produce(input, place.topic, "-K", "\t", "-z", codec, "-X", "linger.ms=50");
    expect(await consume(place.topic, "-o", "beginning", "-K", "\t")).toBe(input);
    const codecs = [...batchHeaders((await fetchAllRaw(place)).bytes)].map(
      ({ attributes }) => COMPRESSIONS[attributes & ATTRIBUTE_CODEC_MASK],
    );
    expect(new Set(codecs)).toEqual(new Set([codec]));
  });

  test("keys, tombstones and headers come back", async () => {
    await produce("k1\tv1\nk2\t\nno key\n", "headed", "-K", "\t", "-Z", "-H", "trace=kůň", "-H", "trace=again", "-H", "empty=");
    const records = (await consume("headed", "-J")).trimEnd().split("\n");
    expect(records.map((record) => JSON.parse(record) as unknown)).toMatchObject([
      { offset: 0, key: "k1", payload: "v1", headers: ["trace", "kůň", "trace", "again", "empty", ""] },
      { offset: 1, key: "k2", payload: null },
      { offset: 2, key: null, payload: "no key" },
    ]);
  });

  test("begins at an offset, that many before the end, and at a time", async () => {
    await createTopic(broker.url, "begun");
    const before = Date.now() - 60_000;
    const records = Array.from({ length: 10 }, (_, i) => ({ value: `v${i}`, timestamp: before + 1000 * i }));
    await postRecords("begun", records);
    expect(await consume("begun", "-o", "7")).toBe("v7\nv8\nv9\n");
    expect(await consume("begun", "-o", "-2")).toBe("v8\nv9\n");
    expect(await consume("begun", "-p", "0", "-o", `s@${before + 4500}`)).toBe("v5\nv6\nv7\nv8\nv9\n");
    expect(await consume("begun", "-p", "0", "-o", `s@${before + 2000}`, "-o", `e@${before + 4000}`)).toBe("v2\nv3\n");
    const queried = await runKcat(["-Q", "-b", broker.kafkaAddress, "-t", `begun:0:${before + 4500}`]);
    expect(queried).toBe("begun [0] offset 5\n");
  });

  test("200,000 rows of a real file come back with the same checksum, produced idempotently to six partitions", async () => {
    await createTopic(broker.url, "flights", 6);
    const rows = flightRows();
    await produce(rows.join(""), "flights", "-K", "\t", "-X", "enable.idempotence=true", "-z", "lz4");
    const consumed = (await consume("flights", "-o", "beginning", "-K", "\t")).split(/(?<=\n)/);
    expect(consumed).toHaveLength(rows.length);
    expect(checksum(consumed.sort())).toBe(checksum(rows.sort()));
  });

  test("a million-byte message goes through, and one that is too large for the topic is refused alone", async () => {
    await createTopic(broker.url, "large");
    const large = "x".repeat(1_000_000);
    await produce(large, "large", "-X", "message.max.bytes=2000000");
    await expect(produce("y".repeat(1_500_000), "large", "-X", "message.max.bytes=2000000")).rejects.toThrow(/too large/);
    await produce("small", "large");
    expect(await consume("large")).toBe(`${large}\nsmall\n`);
  });

  test("with acks 0 nothing is answered and everything is written, in order", async () => {
    const [place] = (await createTopic(broker.url, "unacknowledged")) as [PartitionPlace];
    const input = lines(20_000, (i) => `record ${i}`);
    await produce(input, place.topic, "-X", "topic.acks=0");
    await until("everything is written", async () => (await endOffset(place)) >= 20_000);
    expect(await consume(place.topic)).toBe(input);
  });

  test("two members of a group share the partitions, and the one that stays takes over those of the one that goes", async () => {
    await createTopic(broker.url, "shared", 4);
    const members = [joinGroup("sharers", "shared"), joinGroup("sharers", "shared")];
    await until("both have two partitions", () => members.every((member) => assigned(member) === 2));
    await produceToAll("shared", 4, "first");
    await until("all is consumed", () => consumedBy(members).length === 4);
    expect(members.map(({ output }) => output().trimEnd().split("\n").length)).toEqual([2, 2]);

    const [staying, leaving] = members as [RunningKcat, RunningKcat];
    leaving.child.kill("SIGTERM");
    await leaving.ended;
    await until("the other has all", () => assigned(staying) === 4);
    await produceToAll("shared", 4, "second");
    await until("all is consumed", () => consumedBy(members).length === 8);
    const values = (prefix: string) => Array.from({ length: 4 }, (_, i) => `${prefix} ${i}`);
    expect(consumedBy(members).sort()).toEqual([...values("first"), ...values("second")]);
  });

  test("a group goes on where it had committed", async () => {
    await produce(
      lines(5, (i) => `v${i}`),
      "resumed",
    );
    const group = ["-G", "resumers", "-q", "-e", "-b", broker.kafkaAddress, "-X", "auto.offset.reset=earliest", "resumed"];
    expect(await runKcat(group)).toBe("v0\nv1\nv2\nv3\nv4\n");
    await produce("v5\n", "resumed");
    expect(await runKcat(group)).toBe("v5\n");
    const { offsets } = (await (await expectOk(await fetch(`${broker.url}/v1/groups/resumers/offsets?topic=resumed`))).json()) as {
      offsets: unknown[];
    };
    expect(offsets).toMatchObject([{ topic: "resumed", partition: 0, offset: 6, lag: 0 }]);
  });

  test("what Kafka produces HTTP fetches, and the other way round", async () => {
    const [place] = (await createTopic(broker.url, "both")) as [PartitionPlace];
    await produce("from\tkafka\n", "both", "-K", "\t", "-H", "door=kafka");
    await postRecords("both", [{ key: "from", value: "http", headers: [{ key: "door", value: "http" }] }]);
    expect(await fetchRecords(place)).toMatchObject([
      { offset: 0, key: "from", value: "kafka", headers: [{ key: "door", value: "kafka" }] },
      { offset: 1, key: "from", value: "http", headers: [{ key: "door", value: "http" }] },
    ]);
    expect(await consume("both", "-o", "beginning", "-f", "%o %k %s %h\n")).toBe("0 from kafka door=kafka\n1 from http door=http\n");
  });

  test("a token is asked for by SASL PLAIN where one is set", async () => {
    const closed = await startBroker({ env: { SLUICE_ADMIN_TOKEN: "sesame" } });
    onTestFinished(async () => {
      await closed.stop();
    });
    const list = (password: string) => {
      const sasl = ["security.protocol=SASL_PLAINTEXT", "sasl.mechanisms=PLAIN", "sasl.username=any", `sasl.password=${password}`];
      return runKcat(["-L", "-J", "-m", "3", "-b", closed.kafkaAddress, ...sasl.flatMap((setting) => ["-X", setting])]);
    };
    expect((JSON.parse(await list("sesame")) as Listing).brokers).toHaveLength(1);
    await expect(list("wrong")).rejects.toThrow(/the credentials are not valid/);
    await expect(runKcat(["-L", "-m", "1", "-b", closed.kafkaAddress])).rejects.toThrow();
  });
});

interface Listing {
  readonly brokers: readonly { readonly id: number; readonly name: string }[];
  readonly controllerid: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly leader: number }[];
  }[];
}

async function postRecords(topic: string, records: readonly object[]): Promise<void> {
  const headers = { "content-type": "application/json" };
  await expectOk(await fetch(`${broker.url}/v1/topics/${topic}/records`, { method: "POST", headers, body: JSON.stringify({ records }) }));
}

/** The rows of a public data set, as kcat reads and prints them: key, tab, value. */
function flightRows(): string[] {
  const { rows } = loadDatasets().find(({ topic }) => topic === "flights")!;
  return rows.map(({ key, value }) => `${key}\t${value}\n`);
}

function checksum(rows: readonly string[]): string {
  const hash = createHash("sha256");
  for (const row of rows) hash.update(row);
  return hash.digest("hex");
}

async function endOffset(place: PartitionPlace): Promise<number> {
  const answer = await expectOk(
    await fetch(`${place.url}/v1/topics/${place.topic}/partitions/${place.partition}/offsets?timestamp=latest`),
  );
  return ((await answer.json()) as { offset: number }).offset;
}

/** A member that reads from the earliest record on until it is told to stop. */
function joinGroup(group: string, topic: string): RunningKcat {
  const settings = ["auto.offset.reset=earliest", "session.timeout.ms=6000", "heartbeat.interval.ms=500"];
  const member = startKcat(["-G", group, "-u", "-b", broker.kafkaAddress, ...settings.flatMap((setting) => ["-X", setting]), topic]);
  onTestFinished(async () => {
    member.child.kill("SIGTERM");
    await member.ended;
  });
  return member;
}

/** Partitions of the member's latest assignment. */
function assigned({ complaint }: RunningKcat): number {
  const latest = complaint()
    .split("\n")
    .findLast((line) => line.includes("rebalanced"));
  return latest?.includes("assigned:") ? [...latest.matchAll(/\[\d+\]/g)].length : 0;
}

function consumedBy(members: readonly RunningKcat[]): string[] {
  return members.flatMap(({ output }) =>
    output()
      .split("\n")
      .filter((line) => line !== ""),
  );
}

async function produceToAll(topic: string, partitions: number, prefix: string): Promise<void> {
  for (let i = 0; i < partitions; i++) await produce(`${prefix} ${i}\n`, topic, "-p", String(i));
}
