// Every command of `sluice`, by its launcher, against a real broker.

import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { BATCHES_TYPE } from "../../src/contract/media-types.ts";
import { codecOf } from "../../src/record/compression-type.ts";
import { batchHeaders } from "../../src/record/record-batch.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { NOBODY, printed, runSluice, SLUICE, sluice, sluiceJson, sluiceWith, startSluice } from "../support/cli.ts";

const TOKEN = "a-token";

/** The first start builds the Worker. */
const START_TIMEOUT_MS = 120_000;

let broker: Broker;
let secured: Broker;

beforeAll(async () => {
  broker = await startBroker();
  secured = await startBroker({ env: { SLUICE_ADMIN_TOKEN: TOKEN } });
}, START_TIMEOUT_MS);
afterAll(async () => {
  await broker?.stop();
  await secured?.stop();
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-cli-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function topicOf(name: string, ...lines: readonly string[]): Promise<string> {
  await sluice(broker.url, "topics", "create", name);
  await sluiceWith({ url: broker.url, input: lines.map((line) => `${line}\n`).join("") }, "produce", name);
  return name;
}

test("runs by a link, from any folder, under whatever Node the machine has", async () => {
  const folder = await temporaryFolder();
  execFileSync("ln", ["-s", SLUICE, join(folder, "linked")]);
  const path = `/usr/bin:/bin:${folder}`;
  expect(execFileSync("linked", ["--version"], { env: { PATH: path }, cwd: folder, encoding: "utf8" })).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("topics: made, listed, described, altered, truncated, deleted", async () => {
  const { url } = broker;
  expect(await sluice(url, "topics", "create", "shop.a", "--partitions", "2", "--setting", "retention.ms=1000000")).toBe(
    "shop.a: made, 2 partitions\n",
  );
  expect((await runSluice(["topics", "create", "shop.a"], { url })).err).toMatch(/^sluice: TOPIC_ALREADY_EXISTS.*sluice topics alter/);
  expect(await sluice(url, "topics", "create", "shop.a", "--if-not-exists")).toContain("is there already");
  expect(await sluice(url, "topics", "create", "shop.b", "--dry-run")).toContain("could be made");
  expect(await sluiceJson(url, "topics", "list", "--prefix", "shop.")).toMatchObject({ topics: [{ name: "shop.a", partitions: 2 }] });
  expect(await sluice(url, "topics", "alter", "shop.a", "--partitions", "3", "--unset", "retention.ms")).toBe(
    "shop.a: is now 3 partitions\n",
  );
  await sluiceWith({ url, input: "1\n2\n3\n" }, "produce", "shop.a", "--partition", "0");
  expect(await sluice(url, "topics", "truncate", "shop.a", "0", "--before", "2", "--yes")).toContain("starts at 2");
  expect(await sluice(url, "topics", "describe", "shop.a")).toMatch(/PARTITION +START +END +RECORDS.*\n +0 +2 +3 +1 /s);
  expect(await sluice(url, "configs", "set", "shop.a", "segment.bytes=100000", "retention.ms=5")).toContain("retention.ms=5");
  expect(await sluice(url, "configs", "set", "shop.a", "retention.ms=")).not.toContain("retention.ms");
  expect(await sluiceJson(url, "configs", "get", "shop.a", "segment.bytes")).toMatchObject({
    configs: [{ value: "100000", source: "topic" }],
  });
  expect(await sluiceJson(url, "offsets", "shop.a", "--at", "1h", "--partition", "0")).toMatchObject({
    offsets: [{ partition: 0, offset: 2 }],
  });
  expect(await sluice(url, "segments", "list", "shop.a")).toMatch(/active/);
  expect(await sluiceJson(url, "segments", "verify", "shop.a")).toMatchObject({ ok: true });
  expect(await sluice(url, "topics", "delete", "shop.a", "--yes")).toBe("deleted shop.a\n");
  expect((await runSluice(["topics", "describe", "shop.a"], { url })).code).toBe(1);
});

test("--acks of Kafka's scripts is taken where it says what holds anyway", async () => {
  const { url } = broker;
  await sluice(url, "topics", "create", "acknowledged");
  for (const acks of ["1", "all", "-1"]) await sluiceWith({ url, input: `${acks}\n` }, "produce", "acknowledged", "--acks", acks);
  expect(await sluice(url, "consume", "acknowledged", "--exit-at-end")).toBe("1\nall\n-1\n");
});

test.each(["gzip", "snappy", "lz4", "zstd"])("what is produced with %s is stored so, and read back", async (codec) => {
  const { url } = broker;
  const line = "all the same, all the same, all the same";
  await sluice(url, "topics", "create", `in-${codec}`);
  await sluiceWith({ url, input: `${line}\n`.repeat(50) }, "produce", `in-${codec}`, "--compression", codec);
  const stored = await fetch(`${url}/v1/topics/in-${codec}/partitions/0/records?offset=0`, { headers: { accept: BATCHES_TYPE } });
  expect([...batchHeaders(new Uint8Array(await stored.arrayBuffer()))].map(codecOf)).toContain(codec);
  const source = ["--source", url, "--topic", `in-${codec}`, "--exit-at-end", "--compression", codec];
  await sluice(url, "mirror", ...source, "--target", secured.url, "--target-secret", TOKEN);
  const read = await sluiceWith({ url: secured.url, env: { SLUICE_TOKEN: TOKEN } }, "consume", `in-${codec}`, "--exit-at-end");
  expect(read.trimEnd().split("\n")).toEqual(Array.from({ length: 50 }, () => line));
});

test("produce: lines, keys, headers, tombstones, files, JSON records, codecs; consume gives them back", async () => {
  const { url } = broker;
  const folder = await temporaryFolder();
  await sluice(url, "topics", "create", "in");
  await writeFile(join(folder, "keyed.tsv"), "u1\thello\nu2\t\n");
  await writeFile(join(folder, "r.ndjson"), '{"key":"u3","value":{"n":1},"timestamp":1000}\n\n{"value":{"base64":"/w=="}}\n');
  await sluiceWith({ url, input: "plain\nlast" }, "produce", "in", "--compression", "gzip");
  await sluice(url, "produce", "in", join(folder, "keyed.tsv"), "--key-separator", "\\t", "--header", "h=1", "--tombstones", "-z", "zstd");
  expect(await sluiceJson(url, "produce", "in", join(folder, "r.ndjson"), "--ndjson")).toMatchObject({
    records: 2,
    partitions: [{ firstOffset: 4 }],
  });
  const lines = (await sluice(url, "consume", "in", "--exit-at-end", "--json"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ key, value, headers }) => [key, value, headers.length])).toEqual([
    [null, "plain", 0],
    [null, "last", 0],
    ["u1", "hello", 1],
    ["u2", null, 1],
    ["u3", '{"n":1}', 0],
    [null, { base64: "/w==" }, 0],
  ]);
  expect(lines[4].timestamp).toBe(1000);
  expect(await sluice(url, "consume", "in", "-e", "--format", "%o:%k=%v[%h]\\n", "--null", "∅", "--key", "^u", "--header", "h=1")).toBe(
    "2:u1=hello[h=1]\n3:u2=∅[h=1]\n",
  );
  expect(await sluice(url, "consume", "in", "--from", "1", "--to", "3")).toBe("last\nhello\n");
  expect(await sluice(url, "consume", "in", "--from", "-2", "--count", "1")).toBe('{"n":1}\n');
});

test("produce stops at what is refused, names it, and says how many were written", async () => {
  await topicOf("strict");
  const records = '{"value":"a"}\n{"value":"b","partition":7}\n';
  const { code, err } = await runSluice(["produce", "strict", "--ndjson"], { url: broker.url, input: records });
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(/^sluice: record 2 was refused: .*partitions 0 to 0, not 7; 1 of 2 were written\n$/),
  ]);
  const broken = await runSluice(["produce", "strict", "--ndjson"], { url: broker.url, input: '{"value":"a"}\n{"vlaue":1}\n' });
  expect(broken.err).toContain('standard input, line 2: a record has no field "vlaue"');
});

test("consume follows until Ctrl-C, which is a good end", async () => {
  const topic = await topicOf("followed", "before");
  const following = startSluice(["consume", topic, "--follow"], { url: broker.url });
  const all = startSluice(["consume", topic], { url: broker.url });
  await printed(all, "before");
  for (let i = 0; !following.out().includes("late"); i++) await sluiceWith({ url: broker.url, input: `late ${i}\n` }, "produce", topic);
  await printed(all, "late");
  const { code, out } = await following.interrupt();
  expect([code, out.includes("before")]).toEqual([0, false]);
  expect((await all.interrupt()).code).toBe(0);
});

test("a reader that has enough ends it without a word", async () => {
  const topic = await topicOf("headed", ...Array.from({ length: 20_000 }, (_, i) => `line ${i} ${"x".repeat(50)}`));
  const command = `'${SLUICE}' consume ${topic} --url ${broker.url} 2>&1 | head -n 2`;
  expect(execFileSync("bash", ["-c", command], { encoding: "utf8" })).toMatch(/^line 0 x+\nline 1 x+\n$/);
});

test("groups: consume commits what it printed, lag is seen, reset rewinds, delete forgets", async () => {
  const { url } = broker;
  const topic = await topicOf("grouped", ..."abcdefghij");
  expect(await sluice(url, "consume", topic, "--group", "g", "--count", "3")).toBe("a\nb\nc\n");
  expect(await sluiceJson(url, "groups", "describe", "g")).toMatchObject({ members: [], offsets: [{ offset: 3, lag: 7 }] });
  expect(await sluice(url, "consume", topic, "--group", "g", "--exit-at-end")).toBe("d\ne\nf\ng\nh\ni\nj\n");
  expect(await sluiceJson(url, "groups", "list", "--prefix", "g", "--lag")).toMatchObject({ groups: [{ groupId: "g", lag: 0 }] });
  expect(await sluice(url, "groups", "reset", "g", "-t", topic, "--shift-by", "-2")).toMatch(/10 +8/);
  expect(await sluice(url, "groups", "reset", "g", "-t", topic, "--to", "earliest", "--dry-run")).toMatch(/8 +0/);
  const member = startSluice(["consume", topic, "--group", "g"], { url });
  await printed(member, "j");
  expect(await sluice(url, "groups", "describe", "g")).toMatch(/1 member .*MEMBER/s);
  expect(await member.interrupt()).toMatchObject({ code: 0, out: "i\nj\n" });
  expect(await sluiceJson(url, "groups", "describe", "g")).toMatchObject({ members: [], offsets: [{ offset: 10 }] });
  expect(await sluice(url, "groups", "delete", "g", "--yes")).toBe("deleted g\n");
});

test("export and import carry every form there and back", async () => {
  const { url } = broker;
  const folder = await temporaryFolder();
  const file = (name: string) => join(folder, name);
  const topic = await topicOf("exported", "a,b", "", 'q"q');
  for (const name of ["copy.ndjson", "copy.csv"]) {
    await sluice(url, "export", topic, file(name));
    await sluice(url, "topics", "create", name);
    await sluice(url, "import", name, file(name));
    const again = await sluice(url, "export", name, "-", "--as", name.split(".")[1]!);
    expect(again.replaceAll(`"topic":"${name}"`, `"topic":"${topic}"`)).toBe(await readFile(file(name), "utf8"));
  }
  expect((await runSluice(["export", topic, file("copy.csv")], { url })).err).toContain("EEXIST");
  await sluice(url, "export", topic, file("values"), "--as", "files");
  expect(await readdir(file("values"))).toHaveLength(3);
  await sluice(url, "topics", "create", "from-files");
  await sluice(url, "import", "from-files", file("values"), "--as", "files");
  expect(await sluice(url, "consume", "from-files", "-e", "-f", "%k=%v;")).toContain('0-00000000000000000002=q"q;');
  await sluiceWith({ url, input: '{"value":{"base64":"/w=="}}\n' }, "produce", topic, "--ndjson");
  expect((await runSluice(["export", topic, file("bad.csv")], { url })).err).toContain("--as ndjson can");
  expect(await readdir(folder)).not.toContain("bad.csv");
});

test("perf measures, and its records are in the topic", async () => {
  const { url } = broker;
  await sluice(url, "topics", "create", "bench");
  expect(await sluice(url, "perf", "produce", "bench", "-n", "5000", "-s", "100")).toMatch(
    /^5000 records sent in [\d.]+ s, [\d.]+ records\/s \([\d.]+ MB\/s\), .*99\.9th\n$/,
  );
  expect(await sluiceJson(url, "perf", "consume", "bench")).toMatchObject({ records: 5000, bytes: 500_000 });
  expect(await sluiceJson(url, "perf", "latency", "bench", "-n", "10")).toMatchObject({ records: 10, latency: { count: 10 } });
});

test("doctor finds nothing wrong with a broker, and says what to do about none and about a wrong token", async () => {
  expect(await sluiceJson(broker.url, "doctor")).toMatchObject({ ok: true });
  expect(await sluiceJson(broker.url, "topics", "list", "--prefix", "sluice-doctor")).toEqual({ topics: [] });
  expect(await runSluice(["doctor"], { url: `http://${NOBODY}` })).toMatchObject({
    code: 1,
    out: expect.stringContaining("sluice serve"),
  });
  expect(await runSluice(["doctor", "--token", "wrong"], { url: secured.url })).toMatchObject({
    code: 1,
    out: expect.stringContaining("not this broker's"),
  });
});

test("users, tokens, ACLs and quotas; a new token works at once for what it may", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "secret.txt"), "correct horse\n");
  const admin = { url: secured.url, env: { SLUICE_TOKEN: TOKEN }, cwd: folder };
  const run = (...args: readonly string[]) => sluiceWith(admin, ...args);
  await run("topics", "create", "secret");
  await run("users", "set", "alice", "--password-file", "secret.txt", "--role", "read", "--topic", "sec");
  expect(await run("users", "describe", "alice")).toMatch(/User:alice +ALLOW +READ +TOPIC +sec…/);
  expect(await run("users", "list")).toContain("SCRAM-SHA-256");
  const token = (await run("tokens", "create", "ci", "--role", "write", "--topic", "sec", "--expires-in", "1h")).trim();
  await sluiceWith({ url: secured.url, input: "written\n", env: { SLUICE_TOKEN: token } }, "produce", "secret");
  const reading = await runSluice(["consume", "secret", "-e", "--token", token], { url: secured.url });
  expect(reading).toMatchObject({ code: 1, out: "", err: expect.stringContaining("TOPIC_AUTHORIZATION_FAILED") });
  expect(await run("tokens", "list")).toContain("ci");
  await run("acls", "add", "--principal", "User:bob", "--operation", "READ", "--resource", "TOPIC", "--name", "sec", "--prefixed");
  expect(await run("acls", "list", "--principal", "User:bob")).toContain("READ");
  expect(await run("acls", "delete", "--principal", "User:bob", "--yes")).toContain("User:bob");
  await run("quotas", "set", "--user", "alice", "--produce", "1MB", "--requests", "100");
  expect(JSON.parse(await run("quotas", "list", "--json"))).toMatchObject({
    quotas: [{ user: "alice", values: { producer_byte_rate: 1_000_000 } }],
  });
  await run("quotas", "set", "--user", "alice", "--produce", "none", "--requests", "none");
  await run("tokens", "delete", "ci", "--yes");
  await run("users", "delete", "alice", "--yes");
  expect(JSON.parse(await run("users", "list", "--json"))).toEqual({ users: [] });
});

test("subscriptions: set, listed, described, paused, resumed, replayed, deleted", async () => {
  const { url } = broker;
  const topic = await topicOf("hooked", "a");
  const set = ["subscriptions", "set", "billing", "--topic", topic, "--endpoint", "https://example.invalid/hook", "--order", "key"];
  expect(await sluice(url, ...set)).toMatch(/^billing: set; its secret, shown this once: whsec_/);
  expect(await sluice(url, "subscriptions", "list")).toContain("billing");
  expect(await sluice(url, "subscriptions", "pause", "billing")).toBe("billing: paused\n");
  expect(await sluiceJson(url, "subscriptions", "describe", "billing")).toMatchObject({ name: "billing", paused: true });
  expect(await sluice(url, "subscriptions", "replay", "billing", "--to", "latest")).toBe("billing: delivers again\n");
  expect(await sluice(url, "subscriptions", "resume", "billing")).toBe("billing: resumed\n");
  expect(await sluice(url, "subscriptions", "delete", "billing", "--yes")).toBe("deleted billing\n");
  expect(await sluiceJson(url, "subscriptions", "list")).toEqual({ subscriptions: [] });
});

test("subscriptions that are pulled from: set, pulled, settled, paused", async () => {
  const { url } = broker;
  const topic = await topicOf("pulled", "a", "b", "c");
  const set = ["subscriptions", "set", "jobs", "--topic", topic, "--pull", "--from", "earliest", "--order", "none", "--max-attempts", "3"];
  expect(await sluice(url, ...set, "--lease", "5m")).toBe("jobs: set\n");
  expect(await sluiceJson(url, "subscriptions", "describe", "jobs")).toMatchObject({
    pull: true,
    leaseMs: 300_000,
    retry: { maxAttempts: 3 },
  });
  const pull = async (...flags: string[]) =>
    ((await sluiceJson(url, "subscriptions", "pull", "jobs", ...flags)) as { records: { leaseId: string; value: string }[] }).records;
  const [a, b] = await pull("--max-records", "2");
  expect(await sluice(url, "subscriptions", "ack", "jobs", a!.leaseId, "--retry", b!.leaseId)).toBe("jobs: settled 2\n");
  expect(await sluice(url, "subscriptions", "pull", "jobs", "--ack", "--max-wait", "10s")).toMatch(/RECORD .*\n.*\/1 +2 .* b /);
  expect(await pull()).toEqual([]);
  expect(await sluice(url, "subscriptions", "pull", "jobs")).toBe("there is nothing to deliver\n");
  expect(await sluice(url, "subscriptions", "delete", "jobs", "--yes")).toBe("deleted jobs\n");
});

test("ingest: a source is set, listed, described, given another secret, and deleted", async () => {
  const { url } = broker;
  const topic = await topicOf("ingested", "a");
  const run = async (input: string, ...args: readonly string[]) => {
    const { code, out, err } = await runSluice(["ingest", ...args], { url, input });
    return code === 0 ? out : err;
  };
  const set = ["set", topic, "github", "--scheme", "github", "--key", "/repository/full_name", "--dedup-window", "1h"];
  expect(await run("one\n", ...set, "--secret-file", "-")).toBe(`github: set; senders POST to /v1/topics/${topic}/ingest/github\n`);
  expect(await run("", "set", topic, "plain", "--id", "header:x-id")).toContain("with a token");
  expect(await run("", "set", topic, "plain", "--id", "x-id")).toContain("header:NAME");
  expect(await run("", "set", topic, "plain", "--scheme", "hmac")).toContain("--header");
  expect(await run("", "set", topic, "plain", "--prefix", "v0=")).toContain("--scheme hmac");
  const byToken = ["set", topic, "by-url", "--scheme", "token", "--secret-file", "-"];
  expect(await run("sixteen letters!", ...byToken)).toContain("--header or --parameter");
  expect(await run("fifteen letters", ...byToken, "--parameter", "t")).toContain("16 characters");
  expect(await run("sixteen letters!", ...byToken, "--parameter", "t", "--drop-parameter", "x")).toMatch(/ingest\/by-url\?t=TOKEN\n$/);
  const byUrl = JSON.parse(await run("", "describe", topic, "by-url", "--json"));
  expect(byUrl).toMatchObject({ signature: { in: { parameter: "t" } }, query: { drop: ["x"], echo: null } });
  expect(await run("", "set", topic, "plain", "--parameter", "t")).toContain("--scheme token");
  expect(await run("", "list", topic)).toMatch(/github.*github\n.*plain.*none/);
  expect(await run("two", "rotate", topic, "github", "--secret-file", "-", "--overlap", "1h")).toBe("github: takes the new secret\n");
  const source = JSON.parse(await run("", "describe", topic, "github", "--json"));
  expect(source).toMatchObject({ key: { pointer: "/repository/full_name" }, dedupWindowMs: 3_600_000 });
  expect(source.signature.secrets).toHaveLength(2);
  expect(await run("", "delete", topic, "github", "--yes")).toBe("deleted github\n");
});

test("transactions: an open one is listed, described and aborted, and nobody reads it", async () => {
  const { url } = broker;
  await topicOf("invoices", "kept");
  const post = async (path: string, body: object) =>
    (await (
      await fetch(url + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
    ).json()) as object;
  const producer = (await post("/v1/producers", { transactionalId: "billing-1" })) as { producerId: number; producerEpoch: number };
  const { producerId, producerEpoch } = producer;
  await post("/v1/topics/invoices/records", {
    records: [{ value: "lost" }],
    transactionalId: "billing-1",
    producerId,
    producerEpoch,
    baseSequence: 0,
  });
  expect(await sluice(url, "transactions", "list", "--state", "Ongoing")).toContain("billing-1");
  expect(await sluice(url, "transactions", "describe", "billing-1")).toContain("partitions: invoices/0");
  expect(await sluice(url, "transactions", "abort", "billing-1", "--yes")).toBe("billing-1: aborted\n");
  expect(await sluice(url, "consume", "invoices", "-e")).toBe("kept\n");
  expect(await sluice(url, "consume", "invoices", "-e", "--uncommitted")).toBe("kept\nlost\n");
  expect((await runSluice(["transactions", "abort", "billing-1", "--yes"], { url })).err).toContain("no open transaction");
});

test("serve runs a broker, and Ctrl-C ends it well", async () => {
  const folder = await temporaryFolder();
  const running = startSluice(["serve", "--port", "0", "--kafka-port", "0", "--data", folder]);
  await printed(running, "Sluice listens on");
  const url = /listens on (\S+)/.exec(running.out())![1]!;
  expect(await sluiceJson(url, "topics", "list")).toEqual({ topics: [] });
  expect((await running.interrupt()).code).toBe(0);
});
