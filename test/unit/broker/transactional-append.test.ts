import { expect, test } from "vitest";
import type { AddPartitionsRequest, AppendRequest, AppendResult, Ports, Unverified } from "../../../src/broker/ports.ts";
import { appendTransactional, transactionalProducer } from "../../../src/broker/transactional-append.ts";
import { type Failure, failure } from "../../../src/common/errors.ts";
import { validateBatches } from "../../../src/wasm/record-batches.ts";
import { batchOf, joinRuns } from "../../support/batches.ts";
import { loadCore } from "../../support/core.ts";

const core = loadCore();
const WRITTEN: AppendResult = { baseOffset: 4, logAppendTimeMs: -1, logStartOffset: 0, leaderEpoch: 0 };
const REQUEST: AppendRequest = { topicId: "t", partition: 2, topicVersion: 1, batches: new ArrayBuffer(0) };
const PRODUCER = { transactionalId: "tx", producerId: 7, producerEpoch: 1 };

const unverified = (needsVerification: number): Unverified => ({ ...failure("INVALID_TXN_STATE", "not verified"), needsVerification });

/** A partition and a coordinator that give these answers, and what they were asked. */
function playing(appends: (AppendResult | Failure)[], verifications: (Failure | null)[]) {
  const guards: (number | undefined)[] = [];
  const ownEpochs: (boolean | undefined)[] = [];
  const added: unknown[] = [];
  let verified = 0;
  const ports = {
    partition: () => ({
      append: async ({ verification, hasOwnEpoch }: AppendRequest) => {
        guards.push(verification);
        ownEpochs.push(hasOwnEpoch);
        return appends.shift()!;
      },
    }),
    transaction: () => ({
      verify: async () => {
        verified++;
        return verifications.shift() ?? null;
      },
      addPartitions: async (request: AddPartitionsRequest) => {
        added.push(request);
        return verifications.shift() ?? null;
      },
    }),
  } as unknown as Ports;
  return { ports, guards, ownEpochs, added, verifiedCount: () => verified };
}

test("appends once where nothing has to be verified, again with the guard where it has", async () => {
  const plain = playing([WRITTEN], []);
  expect(await appendTransactional(plain.ports, REQUEST, PRODUCER)).toBe(WRITTEN);
  expect([plain.guards, plain.verifiedCount()]).toEqual([[undefined], 0]);
  const guarded = playing([unverified(5), WRITTEN], []);
  expect(await appendTransactional(guarded.ports, REQUEST, PRODUCER)).toBe(WRITTEN);
  expect(guarded.guards).toEqual([undefined, 5]);
});

test("verifies anew where the guard was void, and lets the producer try again after some times", async () => {
  const twice = playing([unverified(5), unverified(6), WRITTEN], []);
  expect(await appendTransactional(twice.ports, REQUEST, PRODUCER)).toBe(WRITTEN);
  expect(twice.guards).toEqual([undefined, 5, 6]);
  const never = playing([1, 2, 3, 4].map(unverified), []);
  expect(await appendTransactional(never.ports, REQUEST, PRODUCER)).toMatchObject({ error: "NOT_ENOUGH_REPLICAS" });
  expect(never.verifiedCount()).toBe(3);
});

test("Kafka's producers are told to try again in the words that they know", async () => {
  const { ports } = playing([unverified(5)], [failure("CONCURRENT_TRANSACTIONS", "not complete")]);
  expect(await appendTransactional(ports, REQUEST, PRODUCER)).toMatchObject({ error: "NOT_ENOUGH_REPLICAS" });
});

test("what was never added to a transaction may be told as such to clients that know the error", async () => {
  for (const [producer, told] of [
    [PRODUCER, "INVALID_TXN_STATE"],
    [{ ...PRODUCER, knowsAbortable: false }, "INVALID_TXN_STATE"],
    [{ ...PRODUCER, knowsAbortable: true }, "TRANSACTION_ABORTABLE"],
  ] as const) {
    const { ports, guards } = playing([unverified(5)], [failure("TRANSACTION_ABORTABLE", "add it first")]);
    expect(await appendTransactional(ports, REQUEST, producer)).toMatchObject({ error: told, detail: "add it first" });
    expect(guards).toHaveLength(1);
  }
});

test("a producer that does not add partitions has them added by its first batch, in the place of the verification", async () => {
  const implicit = { ...PRODUCER, addsPartitionOf: "orders" };
  const { ports, guards, added, verifiedCount } = playing([unverified(5), WRITTEN], []);
  expect(await appendTransactional(ports, REQUEST, implicit)).toBe(WRITTEN);
  expect(added).toEqual([{ ...PRODUCER, topics: [{ topicId: "t", topic: "orders", topicVersion: 1, partitions: [2] }] }]);
  expect([guards, verifiedCount()]).toEqual([[undefined, 5], 0]);
  const refused = playing([unverified(5)], [failure("CONCURRENT_TRANSACTIONS", "not complete")]);
  expect(await appendTransactional(refused.ports, REQUEST, implicit)).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
});

test("a producer with an epoch for each transaction is told what its coordinator refuses in the words of a partition", async () => {
  const producer = { ...PRODUCER, addsPartitionOf: "orders", hasOwnEpoch: true };
  const { ports, ownEpochs } = playing([unverified(5), WRITTEN], []);
  expect(await appendTransactional(ports, REQUEST, producer)).toBe(WRITTEN);
  expect(ownEpochs).toEqual([undefined, true]);
  for (const [refused, told] of [
    ["PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH"],
    ["CONCURRENT_TRANSACTIONS", "NOT_ENOUGH_REPLICAS"],
    ["COORDINATOR_NOT_AVAILABLE", "NOT_ENOUGH_REPLICAS"],
    ["INVALID_PRODUCER_ID_MAPPING", "INVALID_PRODUCER_ID_MAPPING"],
  ] as const) {
    const { ports: refusing, guards } = playing([unverified(5)], [failure(refused, "told to")]);
    expect(await appendTransactional(refusing, REQUEST, producer)).toMatchObject({ error: told });
    expect(guards, "nothing is sent again").toHaveLength(1);
  }
});

test("a guard is not used where the transaction has ended meanwhile", async () => {
  const { ports, guards } = playing([unverified(5), unverified(6)], [null, failure("INVALID_TXN_STATE", "ended")]);
  expect(await appendTransactional(ports, REQUEST, PRODUCER)).toMatchObject({ error: "INVALID_TXN_STATE", detail: "ended" });
  expect(guards).toEqual([undefined, 5]);
});

test("a run's transactional batches are of one producer, which the request names", () => {
  const of = (producerId: number, producerEpoch: number, isTransactional = true) =>
    batchOf(core, ["v"], { producerId, producerEpoch, baseSequence: 0, isTransactional });
  const judge = (run: ArrayBuffer, transactionalId?: string) => {
    const checked = validateBatches(core, new Uint8Array(run), { maxRecords: 10, maxDecompressedBytes: 1000 });
    if (!checked.ok) throw new Error(checked.statusName);
    return transactionalProducer(checked.batches, transactionalId);
  };
  expect(judge(joinRuns(of(7, 0, false), of(8, 0, false)))).toBeNull();
  expect(judge(joinRuns(of(7, 0, false), of(8, 0, false)), "tx")).toBeNull();
  expect(judge(joinRuns(of(9, 0, false), of(7, 1), of(7, 1)), "tx")).toEqual(PRODUCER);
  expect(judge(of(7, 1))).toMatchObject({ error: "TRANSACTIONAL_ID_AUTHORIZATION_FAILED" });
  for (const other of [of(8, 1), of(7, 2)])
    expect(judge(joinRuns(of(7, 1), other), "tx")).toMatchObject({ error: "INVALID_PRODUCER_ID_MAPPING" });
});
