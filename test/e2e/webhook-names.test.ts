// Names that lead to private addresses: the checks of a PUT cannot see it, the network that webhooks leave by does. The names are the system's
// resolver's, in a namespace of the broker's own (test/support/own-hosts.ts).

import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { type Broker, startBroker } from "../support/broker.ts";
import { type Hosts, whyNoOwnHosts } from "../support/own-hosts.ts";
import { until } from "../support/until.ts";
import { callJson } from "./webhooks.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-hosts-"));
afterAll(() => rmSync(folder, { recursive: true }));

const objection = whyNoOwnHosts(join(folder, "tried"));
if (objection !== null) console.warn(`SKIPPED: webhooks to names of private addresses. Names of its own cannot be had here: ${objection}`);

/** The machine's own address in its network. */
const ownAddress = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

/** Innocent names. */
const HOSTS: Hosts = { "hook.example.com": "127.0.0.1", ...(ownAddress !== undefined && { "inner.example.com": ownAddress }) };

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function brokerWithHosts(env: Readonly<Record<string, string>>): Promise<Broker> {
  const broker = await startBroker({ env, hosts: HOSTS });
  onTestFinished(async () => void (await broker.stop()));
  await callJson(broker, "POST", "/v1/topics", { name: "t", partitions: 1 });
  return broker;
}

interface Delivery {
  readonly outcome: string;
  readonly status: number | null;
}

const subscribe = (broker: Broker, name: string, url: string) =>
  callJson(broker, "PUT", `/v1/subscriptions/${name}`, { topics: ["t"], url, retry: { minBackoffMs: 1, maxBackoffMs: 50 } });
const produce = (broker: Broker) => callJson(broker, "POST", "/v1/topics/t/records", { records: [{ value: "for nobody inside" }] });
const deliveriesOf = async (broker: Broker, name: string): Promise<Delivery[]> =>
  (await callJson<{ deliveries: Delivery[] }>(broker, "GET", `/v1/subscriptions/${name}/deliveries`)).deliveries;

describe.skipIf(objection !== null)("a name that leads to a private address", () => {
  test("is accepted, since it is only a name, and never connected to", async () => {
    let connections = 0;
    const port = await listen(
      createTcpServer((socket) => {
        connections += 1;
        socket.destroy();
      }),
    );
    const broker = await brokerWithHosts({});
    const names = Object.keys(HOSTS);
    for (const name of names) await subscribe(broker, name, `https://${name}:${port}/`);
    await produce(broker);
    for (const name of names) {
      await until(`calls of ${name} have failed`, async () => (await deliveriesOf(broker, name)).length >= 3);
      const deliveries = await deliveriesOf(broker, name);
      expect(deliveries.filter(({ outcome, status }) => outcome !== "failed" || status !== null)).toEqual([]);
    }
    expect(connections).toBe(0);
  });

  test("is called where private addresses are allowed: the names lead there", async () => {
    const called = new Set<string | undefined>();
    const port = await listen(
      createServer((request, response) => {
        called.add(request.headers.host);
        response.end();
      }),
    );
    const broker = await brokerWithHosts({ SLUICE_ALLOW_PRIVATE_WEBHOOKS: "1" });
    const names = Object.keys(HOSTS);
    for (const name of names) await subscribe(broker, name, `http://${name}:${port}/`);
    await produce(broker);
    await until("all are called", () => called.size === names.length);
    expect([...called].sort()).toEqual(names.map((name) => `${name}:${port}`).sort());
  });
});
