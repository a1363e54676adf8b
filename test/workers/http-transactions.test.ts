// Transactions over HTTP, with the real broker: records and offsets of one transaction, committed and aborted together.

import { expect, test } from "vitest";
import { request, send } from "./support/worker-request.ts";

async function createTopic(name: string): Promise<void> {
  expect((await send("/v1/topics", { name, partitions: 1 })).status).toBe(201);
}

async function createProducer(transactionalId: string) {
  return (await (await send("/v1/producers", { transactionalId })).json()) as { producerId: number; producerEpoch: number };
}

async function values(topic: string, isolation: string): Promise<unknown[]> {
  const fetched = await request(`/v1/topics/${topic}/partitions/0/records?isolation=${isolation}`);
  return ((await fetched.json()) as { records: { value: unknown }[] }).records.map(({ value }) => value);
}

async function committedOffset(group: string): Promise<number | undefined> {
  const answered = (await (await request(`/v1/groups/${group}/offsets`)).json()) as { offsets?: { offset: number }[] };
  return answered.offsets?.[0]?.offset;
}

test("records and offsets of a transaction become visible together, or never", async () => {
  await createTopic("in");
  await createTopic("out");
  const producer = await createProducer("http");
  const transform = async (baseSequence: number, end: "commit" | "abort") => {
    const records = [{ value: `out of ${baseSequence}` }];
    const produced = await send("/v1/topics/out/records", { records, transactionalId: "http", ...producer, baseSequence });
    expect(produced.status).toBe(200);
    const offsets = [{ topic: "in", partition: 0, offset: baseSequence + 1 }];
    expect((await send("/v1/transactions/http/offsets", { ...producer, groupId: "transform", offsets })).status).toBe(200);
    const described = await (await request("/v1/transactions/http")).json();
    expect(described).toMatchObject({ state: "Ongoing", partitions: [{ topic: "out", partition: 0 }], groups: ["transform"] });
    expect((await send(`/v1/transactions/http/${end}`, producer)).status).toBe(204);
  };
  await transform(0, "abort");
  expect([await values("out", "read_committed"), await committedOffset("transform")]).toEqual([[], undefined]);
  await transform(1, "commit");
  expect([await values("out", "read_committed"), await committedOffset("transform")]).toEqual([["out of 1"], 2]);
  expect(await values("out", "read_uncommitted")).toEqual(["out of 0", "out of 1"]);
});

test("a producer that was taken over can neither write nor commit offsets nor end", async () => {
  await createTopic("taken");
  const zombie = await createProducer("taken");
  await createProducer("taken");
  const records = [{ value: "late" }];
  const produced = await send("/v1/topics/taken/records", { records, transactionalId: "taken", ...zombie, baseSequence: 0 });
  expect(await produced.json()).toMatchObject({ code: "PRODUCER_FENCED" });
  const offsets = [{ topic: "taken", partition: 0, offset: 1 }];
  const committed = await send("/v1/transactions/taken/offsets", { ...zombie, groupId: "taken", offsets });
  expect(await committed.json()).toMatchObject({ code: "PRODUCER_FENCED" });
  expect(await (await send("/v1/transactions/taken/commit", zombie)).json()).toMatchObject({ code: "PRODUCER_FENCED" });
  expect(await values("taken", "read_uncommitted")).toEqual([]);
});
