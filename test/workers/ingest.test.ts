// Inbound webhooks inside workerd: the Worker as it is deployed, the sources in the cluster object, events that are written once.

import { evictAllDurableObjects } from "cloudflare:test";
import { expect, test } from "vitest";
import { ed25519Sender, githubRequest, type SignedRequest } from "../support/webhook-senders.ts";
import { request, send } from "./support/worker-request.ts";

const SECRET = "It's a Secret to Everybody";

interface Ingested {
  readonly partition: number;
  readonly offset: number;
  readonly duplicate: boolean;
}

async function makeSource(topic: string, body: unknown = { signature: { scheme: "github", secrets: [SECRET] } }): Promise<void> {
  expect((await send("/v1/topics", { name: topic, partitions: 3 })).status).toBe(201);
  expect((await send(`/v1/topics/${topic}/ingest/default`, body, "PUT")).status).toBe(201);
}

const post = (topic: string, { headers, body }: SignedRequest) => request(`/v1/topics/${topic}/ingest`, { method: "POST", headers, body });
const take = async (topic: string, signed: SignedRequest) => {
  const response = await post(topic, signed);
  expect(response.status).toBe(202);
  return (await response.json()) as Ingested;
};

test("a webhook becomes a record, in the partition of its key", async () => {
  await makeSource("events", { signature: { scheme: "github", secrets: [SECRET] }, key: { pointer: "/repository/full_name" } });
  const taken: Ingested[] = [];
  for (let i = 0; i < 4; i++)
    taken.push(await take("events", await githubRequest(SECRET, `d${i}`, { repository: { full_name: "a/b" }, i })));
  expect(new Set(taken.map(({ partition }) => partition)).size).toBe(1);
  expect(taken.map(({ offset, duplicate }) => [offset, duplicate])).toEqual([0, 1, 2, 3].map((offset) => [offset, false]));
  const fetched = await request(`/v1/topics/events/partitions/${taken[0]!.partition}/records`);
  const { records } = (await fetched.json()) as { records: { key: string; value: string; headers: { key: string; value: string }[] }[] };
  expect(records.map(({ key }) => key)).toEqual(Array(4).fill("a/b"));
  expect(records[3]!.value).toBe((await githubRequest(SECRET, "d3", { repository: { full_name: "a/b" }, i: 3 })).body);
  expect(records[3]!.headers).toContainEqual({ key: "sluice.event.id", value: "d3" });
});

test("a redelivery is answered with the first one's place, at the same moment and after every object was put out of memory", async () => {
  await makeSource("redelivered");
  const signed = await githubRequest(SECRET, "72d3162e", { a: 1 });
  const together = await Promise.all(Array.from({ length: 20 }, () => take("redelivered", signed)));
  expect(together.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
  const { partition, offset } = together[0]!;
  expect(together.every((one) => one.partition === partition && one.offset === offset)).toBe(true);
  await evictAllDurableObjects();
  expect(await take("redelivered", signed)).toMatchObject({ partition, offset, duplicate: true });
  expect(await take("redelivered", await githubRequest(SECRET, "another", { a: 1 }))).toMatchObject({ duplicate: false });
});

test("takes Ed25519 signatures (Standard Webhooks v1a)", async () => {
  const sender = await ed25519Sender();
  await makeSource("asymmetric", { signature: { scheme: "standard", secrets: [sender.publicKey] } });
  const signed = await sender.request("msg_1", { type: "contact.created" });
  expect(await take("asymmetric", signed)).toMatchObject({ duplicate: false });
  expect((await post("asymmetric", { ...signed, body: `${signed.body} ` })).status).toBe(401);
});

test("takes a sender that has nothing but a URL: its question is answered, its token is checked and not kept, the rest of its query is", async () => {
  const signature = { scheme: "token", in: { parameter: "token" }, secrets: ["sixteen letters!"] };
  await makeSource("by-url", { signature, query: { echo: "validationToken" } });
  const call = (query: string) => request(`/v1/topics/by-url/ingest?${query}`, { method: "POST", body: "{}" });
  const asked = await call("token=sixteen+letters!&validationToken=Validation%3A+a%2Bb");
  expect([asked.status, await asked.text()]).toEqual([200, "Validation: a+b"]);
  expect((await call("token=seventeen+letters&validationToken=1")).status).toBe(401);
  const taken = (await (await call("tenant=a%2Fb&token=sixteen%20letters!")).json()) as Ingested;
  const fetched = await request(`/v1/topics/by-url/partitions/${taken.partition}/records`);
  const { records } = (await fetched.json()) as { records: { offset: number; headers: { key: string; value: string }[] }[] };
  expect(records.map(({ offset }) => offset)).toEqual([taken.offset]);
  expect(records[0]!.headers).toContainEqual({ key: "sluice.query", value: "tenant=a%2Fb" });
  expect(JSON.stringify(records)).not.toContain("letters");
});

test("a source goes with its topic: under one that is made anew its secret opens nothing", async () => {
  await makeSource("gone");
  expect((await request("/v1/topics/gone", { method: "DELETE" })).status).toBe(204);
  expect((await send("/v1/topics", { name: "gone" })).status).toBe(201);
  expect(await (await request("/v1/topics/gone/ingest")).json()).toEqual({ sources: [] });
});

test("a compacted topic takes events that have a key, and refuses others", async () => {
  expect((await send("/v1/topics", { name: "compacted", configs: { "cleanup.policy": "compact" } })).status).toBe(201);
  expect((await send("/v1/topics/compacted/ingest/default", { key: { header: "x-key" } }, "PUT")).status).toBe(201);
  expect(await take("compacted", { headers: { "x-key": "k" }, body: "a" })).toMatchObject({ offset: 0, duplicate: false });
  const refused = await post("compacted", { headers: {}, body: "a" });
  expect(await refused.json()).toMatchObject({ status: 400, code: "INVALID_RECORD" });
});

test("a record beyond the topic's max.message.bytes is refused as too large", async () => {
  expect((await send("/v1/topics", { name: "small", configs: { "max.message.bytes": "2000" } })).status).toBe(201);
  const refused = await post("small", { headers: {}, body: "x".repeat(3_000) });
  expect(refused.status).toBe(413);
  expect(await refused.json()).toMatchObject({ code: "MESSAGE_TOO_LARGE" });
});
