// The commands of docs/cli.md and of the README's tour of the command line, each run as it is written, in their order, in a folder of its
// own. Those that have no end are interrupted once they have something to show.

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Broker, startBroker } from "../support/broker.ts";
import { cliEnvironment, printed, SLUICE, sluice, sluiceWith, startSluice } from "../support/cli.ts";
import { docBlocks } from "../support/doc-blocks.ts";
import { until } from "../support/until.ts";

/** The first start builds the Worker. */
const START_TIMEOUT_MS = 120_000;

let first: Broker;
let second: Broker;

beforeAll(async () => {
  first = await startBroker();
  second = await startBroker();
}, START_TIMEOUT_MS);
afterAll(async () => {
  await first?.stop();
  await second?.stop();
});

/** The lines of a document's shell blocks, comments cut off. */
function shellLines(document: string): string[] {
  return docBlocks(document, "sh")
    .flatMap(({ text }) => text.split("\n"))
    .map((line) => line.replace(/\s+# .*$/, ""))
    .filter((line) => line !== "");
}

/** With the addresses of the brokers under test. */
function localized(line: string): string {
  return line
    .replaceAll("npx sluice", "sluice")
    .replaceAll("http://127.0.0.1:8787", first.url)
    .replaceAll("http://127.0.0.1:8788", second.url)
    .replaceAll("127.0.0.1:9092", first.kafkaAddress);
}

async function folderWithSluice(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-docs-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await symlink(SLUICE, join(folder, "sluice"));
  return folder;
}

/** @returns what it printed, both streams. Rejects where it ends with another code than 0 */
async function run(line: string, cwd: string): Promise<string> {
  const env = { ...cliEnvironment({ url: first.url }), PATH: `${cwd}:${process.env.PATH}` };
  const child = spawn("bash", ["-c", `set -o pipefail; ${line}`], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const [code] = await once(child, "close");
  expect(code, `${line}\n${output}`).toBe(0);
  return output;
}

test("every line of docs/cli.md works, from the first to the last", async () => {
  const folder = await folderWithSluice();
  const lines = shellLines("docs/cli.md");
  expect(lines.length).toBeGreaterThan(40);
  for (const line of lines) {
    if (!line.endsWith("--follow")) await run(localized(line), folder);
    else await interruptOnceRunning(line.split(" ").slice(1));
  }
});

/** A follower shows nothing until something is written: so something is, until it does. */
async function interruptOnceRunning(args: readonly string[]): Promise<void> {
  const follower = startSluice(args, { url: first.url });
  await until("it shows what is written", async () => {
    await startSluice(["produce", args[1]!], { url: first.url, input: "more\n" }).ended;
    return follower.out() !== "";
  });
  expect((await follower.interrupt()).code).toBe(0);
}

test("the README's tour: create, produce a file, follow it as a group, see lag, rewind, work it off, mirror it to a second broker", async () => {
  const folder = await folderWithSluice();
  const tour = shellLines("README.md").filter(isOfTour).map(localized);
  expect(tour).toHaveLength(10);
  const [create, write, produce, follow, describe, reset, again, work, serve, mirror] = tour as TourLines;
  for (const line of [create, write, produce]) await run(line, folder);
  const reader = startSluice(follow.split(" ").slice(1), { url: first.url });
  await printed(reader, "/api");
  expect(await run(describe, folder)).toMatch(/readers +Stable +1 member/);
  expect((await reader.interrupt()).out.trim().split("\n").sort()).toEqual(["/", "/api", "/docs"]);
  expect(await run(describe, folder)).toContain("lag 0");
  await run(reset, folder);
  expect(await run(describe, folder)).toContain("lag 3");
  expect((await run(again, folder)).trim().split("\n").sort()).toEqual(["/", "/api", "/docs"]);
  expect(await run(work, folder)).toContain("3 acknowledged");
  const other = startSluice(onFreePorts(serve).split(" ").slice(1), { cwd: folder });
  await printed(other, "Sluice listens on ");
  const [, address] = /Sluice listens on (\S+)/.exec(other.out())!;
  expect(await run(mirror.replace(second.url, address!), folder)).toContain("3 records");
  expect((await other.interrupt()).code).toBe(0);
});

type TourLines = [string, string, string, string, string, string, string, string, string, string];

function isOfTour(line: string): boolean {
  return /^(npx sluice|printf) /.test(line) && !line.includes(" tunnel ");
}

function onFreePorts(line: string): string {
  return line.replace("--port 8788", "--port 0").replace("--kafka-port 9093", "--kafka-port 0");
}

test("the README's tunnel takes Kafka clients to a broker that is reached by HTTP alone", async () => {
  const [line] = shellLines("README.md").filter((one) => one.includes(" tunnel "));
  const [token, ...args] = line!.replace("npx sluice ", "").replace("https://sluice.example.workers.dev", first.url).split(" ");
  expect(token).toBe("SLUICE_TOKEN=…");
  const tunnel = startSluice(args.map((one) => one.replace(":9092", ":0")));
  await printed(tunnel, "127.0.0.1:");
  const [address] = /127\.0\.0\.1:\d+/.exec(tunnel.out() + tunnel.err())!;
  expect(
    await sluice(first.url, "mirror", "--source", `kafka://${address}`, "--topic", await aTopic(), "--target", second.url, "-e"),
  ).toContain("1 record ");
  await tunnel.interrupt();
});

async function aTopic(): Promise<string> {
  const topic = `t-${randomUUID()}`;
  await sluice(first.url, "topics", "create", topic);
  await sluiceWith({ url: first.url, input: "hello\n" }, "produce", topic);
  return topic;
}

/** Lines of the README that other tests run, or none can. */
const ELSEWHERE = [
  /^(npm ci && npm (start|test)|npm start -- --archive( s3:\S+)?)$/, // start.test.ts and archive-*.test.ts run what is behind them
  /^(B=|curl |kcat )/, // readme.test.ts
  /^npx node examples\/webhooks\/node-receiver.ts /, // webhook-examples.test.ts
  /^(npm run deploy|npx wrangler secret put SLUICE_ADMIN_TOKEN)$/, // needs an account
];

test("there is no line in the README's shell blocks that nobody runs", () => {
  const others = shellLines("README.md").filter((line) => !/^#/.test(line) && !isOfTour(line) && !line.includes(" tunnel "));
  expect(others.filter((line) => !ELSEWHERE.some((known) => known.test(line)))).toEqual([]);
});
