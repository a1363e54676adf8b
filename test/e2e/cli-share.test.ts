// Share groups on the command line: settings, and workers that hand records to commands, whose exit codes are the verdicts.

import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Broker, startBroker } from "../support/broker.ts";
import { NOBODY, printed, runSluice, sluice, sluiceJson, sluiceWith, startSluice } from "../support/cli.ts";

interface Described {
  readonly settings: object;
  readonly partitions: readonly { acknowledged: number; archived: number; acquired: number; deadLettered: number; lag: number }[];
}

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker?.stop();
});

/** A topic with these values, and a group of its own. */
async function start(...values: string[]) {
  const [topic, group] = [`t-${randomUUID()}`, `g-${randomUUID()}`];
  await sluice(broker.url, "topics", "create", topic);
  if (values.length > 0) await sluiceWith({ url: broker.url, input: `${values.join("\n")}\n` }, "produce", topic);
  const counts = async () => (await sluiceJson<Described>(broker.url, "share-groups", "describe", group)).partitions[0]!;
  const consume = (...flags: string[]) => runSluice(["share-consume", group, "--topic", topic, ...flags], { url: broker.url });
  return { topic, group, counts, consume };
}

test("settings are set, kept, and taken away again; groups are listed, moved and deleted", async () => {
  const { topic, group, consume } = await start("a", "b");
  const { url } = broker;
  await sluice(url, "topics", "create", `${topic}-dead`);
  const set = await sluice(url, "share-groups", "set", group, "--order", "key", "--lease", "5s", "--dead-letter-topic", `${topic}-dead`);
  expect(set).toContain(`order key, 5 deliveries, leases of 5000 ms, 2000 in flight, given up goes to ${topic}-dead, read_committed`);
  const changed = await sluiceJson(url, "share-groups", "set", group, "--max-deliveries", "2", "--no-dead-letter-topic");
  expect(changed).toMatchObject({ settings: { order: "key", leaseMs: 5_000, maxDeliveries: 2, deadLetterTopic: null } });
  expect(await sluice(url, "share-groups", "describe", group)).toContain("nothing was pulled yet");
  expect((await consume("--exit-at-end")).out).toBe("a\nb\n");
  expect(await sluice(url, "share-groups", "describe", group)).toMatch(/lag 0\n.*PARTITION +START +END +LAG +LEASED.*\n.* 0 +2 +2 +0 +0 /s);
  expect(await sluice(url, "share-groups", "reset", group, "-t", topic, "--to", "earliest", "--dry-run")).toMatch(/2 +0/);
  expect(await sluice(url, "share-groups", "reset", group, "-t", topic, "--shift-by", "-1")).toMatch(/2 +1/);
  expect(await sluiceJson(url, "share-groups", "list", "--prefix", group, "--lag")).toMatchObject({ groups: [{ groupId: group, lag: 1 }] });
  expect((await consume("--exit-at-end")).out).toBe("b\n");
  expect(await sluice(url, "share-groups", "delete", group, "--yes")).toBe(`deleted ${group}\n`);
  expect((await runSluice(["share-groups", "describe", group], { url })).err).toContain("`sluice share-groups list` show those");
});

test("a command gets the value and the record's place; 0 acknowledges, 75 tries again, other codes as they are told to", async () => {
  const { topic, counts, consume } = await start("fine", "later", "bad");
  const command = `value=$(cat); echo "$value $SLUICE_RECORD_TOPIC/$SLUICE_RECORD_PARTITION/$SLUICE_RECORD_OFFSET $SLUICE_RECORD_DELIVERY"
    case $value in bad) exit 3;; later) [ $SLUICE_RECORD_DELIVERY -gt 1 ] || exit 75;; esac`;
  const { code, out, err } = await consume("--exec", command, "--on-failure", "reject", "--retry-delay", "1ms", "--exit-at-end");
  expect(out.trim().split("\n").toSorted()).toEqual([
    `bad ${topic}/0/2 1`,
    `fine ${topic}/0/0 1`,
    `later ${topic}/0/1 1`,
    `later ${topic}/0/1 2`,
  ]);
  expect([code, err]).toEqual([0, "2 acknowledged, 1 released, 1 rejected\n"]);
  expect(await counts()).toMatchObject({ acknowledged: 2, archived: 1, acquired: 0, lag: 0 });
});

test("with --json there is a line for each verdict, and what commands print is no part of it", async () => {
  const { topic, group, consume } = await start("a");
  await sluice(broker.url, "share-groups", "set", group, "--max-deliveries", "1");
  const { out, err } = await consume("--exec", "cat; exit 9", "--exit-at-end", "--json");
  expect(JSON.parse(out)).toEqual({ topic, partition: 0, offset: 0, deliveryCount: 1, exitCode: 9, verdict: "released" });
  expect(err).toBe("a");
});

test("as many commands run at a time as may, each with its own record", async () => {
  const { consume, counts } = await start("a", "b", "c", "d");
  // Each waits until all four run.
  const folder = await mkdtemp(join(tmpdir(), "sluice-share-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const command = `touch ${folder}/$(cat); while [ $(ls ${folder} | wc -l) -lt 4 ]; do sleep 0.02; done`;
  expect((await consume("--exec", command, "--concurrency", "4", "--count", "4")).code).toBe(0);
  expect(await counts()).toMatchObject({ acknowledged: 4, acquired: 0 });
});

test("a command that is not there ends the worker, with nothing lost", async () => {
  const { consume, counts } = await start("a", "b");
  const { code, err } = await consume("--exec", "no-such-command-anywhere");
  expect([code, err]).toEqual([1, expect.stringContaining("the command cannot be run (exit code 127): no-such-command-anywhere")]);
  expect(await counts()).toMatchObject({ acquired: 0, lag: 2 });
});

test("so many records and no more, and what was not handled goes back", async () => {
  const { consume, counts } = await start("a", "b", "c");
  expect(await consume("--count", "2", "--concurrency", "3")).toMatchObject({ code: 0, out: "a\nb\n" });
  expect(await counts()).toMatchObject({ acknowledged: 2, acquired: 0, lag: 1 });
});

test("Ctrl-C is a good end: what was printed is acknowledged", async () => {
  const { topic, group, counts } = await start("a", "b");
  const worker = startSluice(["share-consume", group, "-t", topic], { url: broker.url });
  await printed(worker, "b");
  expect(await worker.interrupt()).toMatchObject({ code: 0, out: "a\nb\n" });
  expect(await counts()).toMatchObject({ acknowledged: 2, acquired: 0, lag: 0 });
});

test("Ctrl-C that comes twice at once, from a terminal and from a parent, is one", async () => {
  const { topic, group, counts } = await start("a");
  const worker = startSluice(["share-consume", group, "-t", topic], { url: broker.url });
  await printed(worker, "a");
  void worker.interrupt();
  expect((await worker.interrupt()).code).toBe(0);
  expect(await counts()).toMatchObject({ acknowledged: 1, acquired: 0 });
});

test("what cannot work is refused, in a line", async () => {
  const { topic, consume } = await start();
  expect(await consume("--order", "key", "--count", "1", "--topic", "nowhere")).toMatchObject({
    code: 1,
    err: expect.stringContaining("nowhere"),
  });
  expect(await consume("--exec", "cat", "--format", "%v")).toMatchObject({ code: 2, err: expect.stringContaining("--format and --null") });
  const nobody = await runSluice(["share-consume", "g", "-t", topic], { url: `http://${NOBODY}` });
  expect(nobody).toMatchObject({ code: 1, err: expect.stringMatching(/^sluice: .*--url or SLUICE_URL.*\n$/) });
});
