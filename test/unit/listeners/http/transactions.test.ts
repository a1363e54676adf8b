import { expect, test } from "vitest";
import { appWithTopic, type TestApp } from "../../../support/http.ts";

const PRODUCER = { producerId: 0, producerEpoch: 0 };

/** An app with the producer of transactional id `t`. */
async function appWithProducer(): Promise<TestApp> {
  const app = await appWithTopic();
  const created = await app.send("POST", "/v1/producers", { transactionalId: "t", transactionTimeoutMs: 5_000 });
  expect(await created.json()).toEqual(PRODUCER);
  return app;
}

function commitOffsets(app: TestApp, rest: object): Promise<Response> {
  const offsets = [{ topic: "orders", partition: 0, offset: 4 }];
  return app.send("POST", "/v1/transactions/t/offsets", { ...PRODUCER, groupId: "billing", offsets, ...rest });
}

test("a producer asked for again has the next epoch, and the one before is fenced", async () => {
  const app = await appWithProducer();
  expect(await (await app.send("POST", "/v1/producers", { transactionalId: "t" })).json()).toEqual({ producerId: 0, producerEpoch: 1 });
  const refused = await app.send("POST", "/v1/transactions/t/commit", PRODUCER);
  expect([refused.status, await refused.json()]).toMatchObject([409, { code: "PRODUCER_FENCED", errorCode: 90, retriable: false }]);
});

test("offsets make their group part of the transaction, and go with it", async () => {
  const app = await appWithProducer();
  const committed = await commitOffsets(app, { memberId: "m", memberEpoch: 3 });
  expect(await committed.json()).toEqual({ offsets: [{ topic: "orders", partition: 0 }] });
  expect(app.broker.transactions.commits).toMatchObject([{ groupId: "billing", member: { memberId: "m", memberEpoch: 3 } }]);
  expect(await (await app.get("/v1/transactions/t")).json()).toEqual({
    ...PRODUCER,
    transactionalId: "t",
    state: "Ongoing",
    transactionTimeoutMs: 5_000,
    startedAt: 1_760_000_000_000,
    partitions: [],
    groups: ["billing"],
  });
  expect((await app.send("POST", "/v1/transactions/t/commit", PRODUCER)).status).toBe(204);
  expect((await app.send("POST", "/v1/transactions/t/commit", PRODUCER)).status).toBe(204);
  expect(await (await app.send("POST", "/v1/transactions/t/abort", PRODUCER)).json()).toMatchObject({ code: "INVALID_TXN_STATE" });
  expect(await (await app.get("/v1/transactions/t")).json()).toMatchObject({ state: "CompleteCommit", groups: [] });
});

test("half a member is refused, and nothing is begun", async () => {
  const app = await appWithProducer();
  expect((await commitOffsets(app, { memberId: "m" })).status).toBe(400);
  expect(await (await app.get("/v1/transactions/t")).json()).toMatchObject({ state: "Empty", startedAt: null });
});

test("lists transactional ids, all or those in one state", async () => {
  const app = await appWithProducer();
  await app.send("POST", "/v1/producers", { transactionalId: "u" });
  await commitOffsets(app, {});
  expect(await (await app.get("/v1/transactions")).json()).toMatchObject({
    transactions: [
      { transactionalId: "t", state: "Ongoing" },
      { transactionalId: "u", state: "Empty", startedAt: null },
    ],
    nextCursor: null,
  });
  expect(await (await app.get("/v1/transactions?state=Empty")).json()).toMatchObject({ transactions: [{ transactionalId: "u" }] });
  expect((await app.get("/v1/transactions?state=Open")).status).toBe(400);
});

test("a transactional id that nobody uses is not found", async () => {
  const app = await appWithTopic();
  expect((await app.get("/v1/transactions/t")).status).toBe(404);
  expect(await (await app.send("POST", "/v1/transactions/t/commit", PRODUCER)).json()).toMatchObject({
    code: "INVALID_PRODUCER_ID_MAPPING",
  });
});

test.each([
  [{ transactionalId: "t" }, "INVALID_REQUEST"],
  [{ transactionalId: "t", ...PRODUCER }, "INVALID_REQUEST"],
  [{ transactionalId: "t", ...PRODUCER, baseSequence: 0, acks: "leader" }, "INVALID_REQUIRED_ACKS"],
])("a produce with %j is refused", async (fields, code) => {
  const app = await appWithProducer();
  const refused = await app.send("POST", "/v1/topics/orders/records", { records: [{ value: "v" }], ...fields });
  expect([refused.status, await refused.json()]).toMatchObject([400, { code }]);
});
