// The producer's transactions, over a coordinator that takes its time: what is in one, and what is not.

import { expect, test } from "vitest";
import { createClient } from "../../../src/sdk/client.ts";
import { Producer } from "../../../src/sdk/producer/producer.ts";

/** Notes what it is asked, in order; answers ends of transactions as it is told. */
class FakeCoordinator {
  readonly asked: string[] = [];
  /** Of the next ends; then they succeed. */
  endings: (() => Promise<Response>)[] = [];
  #next = 0;

  producer(): Producer {
    const fetch = async (url: string) => this.#answer(new URL(url).pathname);
    const backoff = { initialMs: 1, maxMs: 2 };
    return new Producer(createClient({ fetch, backoff, apiTimeoutMs: 30 }), { transactionalId: "tx", lingerMs: 0 });
  }

  async #answer(path: string): Promise<Response> {
    if (path === "/v1/topics") return Response.json({ topics: [{ name: "t", partitions: 1 }], nextCursor: null });
    const what = path.split("/").at(-1)!;
    this.asked.push(what);
    if (what === "producers") return Response.json({ producerId: 1, producerEpoch: 0 });
    if (what === "batches") return Response.json({ baseOffset: this.#next++, count: 1 });
    return (await this.endings.shift()?.()) ?? new Response(null, { status: 204 });
  }
}

test("a record that is sent while the transaction ends is refused, and the transaction commits without it", async () => {
  const coordinator = new FakeCoordinator();
  const producer = coordinator.producer();
  await producer.beginTransaction();
  const first = producer.send({ topic: "t", value: "in" });
  const commit = producer.commitTransaction();
  await expect(producer.send({ topic: "t", value: "while it is flushed" })).rejects.toMatchObject({ code: "INVALID_TXN_STATE" });
  const during = Promise.withResolvers<void>();
  coordinator.endings = [
    async () => {
      await expect(producer.send({ topic: "t", value: "while it commits" })).rejects.toMatchObject({ code: "INVALID_TXN_STATE" });
      during.resolve();
      return new Response(null, { status: 204 });
    },
  ];
  await Promise.all([first, commit, during.promise]);
  expect(coordinator.asked).toEqual(["producers", "batches", "commit"]);
  await producer.beginTransaction();
  await producer.send({ topic: "t", value: "the next" });
  await producer.commitTransaction();
  expect(coordinator.asked.slice(3)).toEqual(["batches", "commit"]);
  await producer.close();
});

test("a commit whose answer was lost may be asked for again, or the transaction aborted", async () => {
  const lost = async () => {
    throw new TypeError("the connection broke");
  };
  for (const end of ["commitTransaction", "abortTransaction"] as const) {
    const coordinator = new FakeCoordinator();
    const producer = coordinator.producer();
    await producer.beginTransaction();
    await producer.send({ topic: "t", value: "a" });
    coordinator.endings = Array(100).fill(lost);
    await expect(producer.commitTransaction()).rejects.toMatchObject({ code: "NETWORK_EXCEPTION" });
    coordinator.endings = [];
    await producer[end]();
    await producer.beginTransaction();
    await producer.close();
  }
});
