// The receivers and the sender in examples/webhooks do what they say, against a broker started by `npm start`.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import worker from "../../examples/webhooks/worker-receiver.ts";
import { type Broker, startBroker } from "../support/broker.ts";
import { until } from "../support/until.ts";
import { callJson } from "./webhooks.ts";

async function start(): Promise<Broker> {
  const broker = await startBroker({ env: { SLUICE_ALLOW_PRIVATE_WEBHOOKS: "1" } });
  onTestFinished(async () => {
    await broker.stop();
  });
  await callJson(broker, "POST", "/v1/topics", { name: "orders" });
  await callJson(broker, "POST", "/v1/topics/orders/records", { records: ["a", "b", "c"].map((value) => ({ key: "k", value })) });
  return broker;
}

test("the receiver in Node prints each record once", async () => {
  const broker = await start();
  const example = fileURLToPath(new URL("../../examples/webhooks/node-receiver.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [example, "--url", broker.url, "--count", "3"]);
  expect(stdout.trimEnd().split("\n").slice(1)).toEqual(["orders/0/0: k = a", "orders/0/1: k = b", "orders/0/2: k = c"]);
});

test("the sender of GitHub's webhooks has each event written once, as its README shows", async () => {
  const broker = await start();
  const folder = new URL("../../examples/webhooks/github/", import.meta.url);
  const run = () => promisify(execFile)(process.execPath, [fileURLToPath(new URL("deliver.ts", folder)), "--url", broker.url]);
  const { stdout } = await run();
  expect(await readFile(new URL("README.md", folder), "utf8")).toContain(`\`\`\`\n${stdout}\`\`\``);
  expect((await run()).stdout.match(/was there already/g)).toHaveLength(3);
  const path = "/v1/topics/github-events/partitions/0/records?encoding=json";
  const { records } = await callJson<{ records: { key: string; value: { repository: object } }[] }>(broker, "GET", path);
  expect(records.map(({ key }) => key)).toEqual(["octocat/Hello-World", "octocat/Hello-World"]);
  expect(records[1]!.value).toMatchObject({ ref: "refs/heads/main", commits: [{ message: "Zażółć gęślą jaźń" }] });
});

test("the receiver in a Worker takes what is signed, and nothing else", async () => {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  onTestFinished(() => void vi.restoreAllMocks());
  const broker = await start();
  let secrets = "";
  const statuses: number[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const init = { method: "POST", headers: request.headers as Record<string, string>, body: Buffer.concat(chunks) };
    const { status } = await worker.fetch(new Request("https://receiver/orders", init), { WEBHOOK_SECRETS: secrets });
    statuses.push(status);
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const put = { topics: ["orders"], url, from: "earliest", paused: true };
  const { secret } = await callJson<{ secret: string }>(broker, "PUT", "/v1/subscriptions/worker", put);
  secrets = secret.replace("whsec_", "whsec_AAAA");
  await callJson(broker, "POST", "/v1/subscriptions/worker/resume", {});
  await until("one was refused", () => statuses.length > 0);
  secrets = `${secrets} ${secret}`;
  await until("all were taken", () => lines.length >= 3);
  expect(statuses[0]).toBe(401);
  expect(lines).toEqual(["orders/0/0: k = a", "orders/0/1: k = b", "orders/0/2: k = c"]);
});
