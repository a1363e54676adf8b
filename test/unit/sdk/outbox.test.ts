// What an outbox takes, and how much of it it reads at a time, over Node's SQLite. Its life in an object: test/workers/sdk/outbox.test.ts.

import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { expect, test } from "vitest";
import { createClient } from "../../../src/sdk/client.ts";
import { Outbox, type OutboxOptions, type OutboxStorage } from "../../../src/sdk/outbox/outbox.ts";
import { FlakyBroker } from "../../support/flaky-broker.ts";

/** Notes the most bytes of batches that one query gave. */
class NodeStorage implements OutboxStorage {
  readonly #database = new DatabaseSync(":memory:");
  mostBytes = 0;

  readonly sql: OutboxStorage["sql"] = {
    exec: (query, ...bindings) => {
      const values = bindings.map((value): SQLInputValue => (value instanceof ArrayBuffer ? new Uint8Array(value) : value));
      const rows = this.#database.prepare(query).all(...values);
      const found = rows.map((row) => {
        return Object.fromEntries(
          Object.entries(row).map(([name, value]) => [name, value instanceof Uint8Array ? value.slice().buffer : value]),
        );
      });
      const bytes = found.reduce((sum, { batch }) => sum + (batch instanceof ArrayBuffer ? batch.byteLength : 0), 0);
      this.mostBytes = Math.max(this.mostBytes, bytes);
      return { toArray: () => found as ReturnType<ReturnType<OutboxStorage["sql"]["exec"]>["toArray"]> };
    },
  };

  transactionSync<Result>(work: () => Result): Result {
    return work();
  }

  getAlarm = async () => null;
  setAlarm = async () => {};
}

function outboxOf(broker: FlakyBroker, options: OutboxOptions = {}) {
  const storage = new NodeStorage();
  return { storage, outbox: new Outbox(storage, createClient({ fetch: broker.fetch }), options) };
}

test("however much waits, no more than a batch of it is in memory at a time", async () => {
  const broker = new FlakyBroker();
  const { storage, outbox } = outboxOf(broker, { maxBatchBytes: 10_000 });
  const values = Array.from({ length: 20 }, (_, number) => String(number % 10).repeat(4_000));
  for (const value of values) outbox.send({ topic: "t", value });
  storage.mostBytes = 0;
  await outbox.drain();
  expect(broker.values()).toEqual(values);
  expect(storage.mostBytes).toBeLessThanOrEqual(10_000);
});

test("a partition that can be none is refused when it is sent, before it holds up what is behind it", () => {
  const { outbox } = outboxOf(new FlakyBroker());
  for (const partition of [-1, 1.5, Number.NaN]) expect(() => outbox.send({ topic: "t", partition, value: "a" })).toThrow("partition");
  expect(outbox.pending).toBe(0);
});

test("a batch that no row of the object holds is refused by its option", () => {
  for (const maxBatchBytes of [0, 4_000_000, Number.NaN])
    expect(() => outboxOf(new FlakyBroker(), { maxBatchBytes })).toThrow("maxBatchBytes");
});
