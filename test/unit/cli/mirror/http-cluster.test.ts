// A Sluice broker as a mirror's target: what it has is always a beginning of what it was given.

import { expect, test } from "vitest";
import { NODE_CODECS } from "../../../../src/cli/compression.ts";
import { openHttpCluster } from "../../../../src/cli/mirror/http-cluster.ts";
import type { NewRecord } from "../../../../src/cli/records/record.ts";
import { Admin } from "../../../../src/sdk/admin/admin.ts";
import { createClient } from "../../../../src/sdk/client.ts";
import { FlakyBroker } from "../../../support/flaky-broker.ts";

const PLACE = { topic: "t", partition: 0 };

/** @param maxMessageBytes of the topic */
async function clusterOf(broker: FlakyBroker, maxMessageBytes: number) {
  const fetch = (url: string, init: RequestInit) => {
    const { pathname } = new URL(url);
    if (pathname === "/v1/cluster") return Response.json({ clusterId: "here" });
    const configs = [{ name: "max.message.bytes", value: String(maxMessageBytes) }];
    return pathname === "/v1/topics/t" ? Response.json({ name: "t", partitions: [], configs }) : broker.fetch(url, init);
  };
  const client = createClient({ fetch, backoff: { initialMs: 1, maxMs: 2 } });
  return openHttpCluster({ client, admin: new Admin(client), codecs: NODE_CODECS }, "none");
}

const recordOf = (value: string): NewRecord => ({ key: null, value: Buffer.from(value), headers: [] });

test("nothing is written behind a record that the topic does not take", async () => {
  const broker = new FlakyBroker({ t: 1 }, { "max.message.bytes": "2000" });
  const cluster = await clusterOf(broker, 2000);
  const values = ["a", "b", "x".repeat(5_000), "c", "d"];
  await expect(cluster.write(PLACE, values.map(recordOf))).rejects.toMatchObject({ code: "MESSAGE_TOO_LARGE" });
  expect(broker.values()).toEqual(["a", "b"]);
  await cluster.close();
});

test("nothing is written behind a batch that was given up", async () => {
  const broker = new FlakyBroker({ t: 1 }, { "max.message.bytes": "2000" });
  const cluster = await clusterOf(broker, 2000);
  broker.fault = () => (broker.produced.length === 2 ? "TOPIC_AUTHORIZATION_FAILED" : undefined);
  const values = Array.from({ length: 9 }, (_, number) => String(number).repeat(800));
  await expect(cluster.write(PLACE, values.map(recordOf))).rejects.toMatchObject({ code: "TOPIC_AUTHORIZATION_FAILED" });
  expect(broker.values()).toEqual(values.slice(0, 2));
  await cluster.close();
});
