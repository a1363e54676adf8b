import { expect, test, vi } from "vitest";
import { type Failure, failure, isFailure } from "../../../src/common/errors.ts";
import { TransactionCoordinator } from "../../../src/coordinator/transaction-coordinator.ts";
import type { GroupTransactionEnd, ProducerIdentity } from "../../../src/coordinator/transaction-messages.ts";
import type { TxnMarker } from "../../../src/log/txn-marker.ts";
import { MemoryTransactionStore } from "../../../src/storage/memory-transaction-store.ts";

const MAX_TIMEOUT_MS = 60_000;
const EXPIRATION_MS = 1_000_000;

/** A coordinator over memory, in a world that can be broken. */
function startWorld({ endWaitMs = 60_000 } = {}) {
  const store = new MemoryTransactionStore();
  const registered = new Set<string>();
  const told: string[] = [];
  const world = {
    store,
    registered,
    /** "orders/0 commit epoch 0 by 0", in the order in which they were durable. */
    told,
    nowMs: 1_000,
    nextProducerId: 7,
    ringAtMs: Number.POSITIVE_INFINITY,
    /** What a call to the cluster, to a partition or to a group meets before it gets there. */
    cluster: async (): Promise<void> => {},
    partition: async (_name: string): Promise<null | Failure> => null,
    group: async (): Promise<null | Failure> => null,
  };
  const cluster = {
    registerTransaction: async (id: string) => world.cluster().then(() => void registered.add(id)),
    unregisterTransaction: async (id: string) => world.cluster().then(() => void registered.delete(id)),
    allocateProducerId: () => world.cluster().then(() => world.nextProducerId++),
  };
  const participants = {
    writeMarker: async ({ topic }: { topic: string }, partition: number, marker: TxnMarker) => {
      const failed = await world.partition(`${topic}/${partition}`);
      const { producerEpoch, coordinatorEpoch, isCommit } = marker;
      if (failed === null) told.push(`${topic}/${partition} ${verb(isCommit)} epoch ${producerEpoch} by ${coordinatorEpoch}`);
      return failed;
    },
    endInGroup: async (groupId: string, end: GroupTransactionEnd) => {
      const failed = await world.group();
      if (failed === null) told.push(`group ${groupId} ${verb(end.isCommit)} transaction ${end.transactionNumber}`);
      return failed;
    },
  };
  const start = () =>
    new TransactionCoordinator(store, cluster, participants, {
      now: () => world.nowMs,
      wait: () => Promise.resolve(),
      config: { maxTimeoutMs: MAX_TIMEOUT_MS, expirationMs: EXPIRATION_MS },
      endWaitMs: () => endWaitMs,
      ringBy: (atMs) => {
        world.ringAtMs = Math.min(world.ringAtMs, atMs);
      },
      cleared: () => undefined,
      broken: () => undefined,
    });
  return { world, start, coordinator: start() };
}

function verb(isCommit: boolean): string {
  return isCommit ? "commit" : "abort";
}

const INIT = { transactionalId: "t", timeoutMs: 5_000 };

async function init(coordinator: TransactionCoordinator): Promise<ProducerIdentity> {
  const producer = await coordinator.initProducerId(INIT);
  if (isFailure(producer)) throw new Error(producer.detail);
  return producer;
}

function touching(producer: ProducerIdentity, ...partitions: number[]) {
  const topic = { topicId: "orders-id", topic: "orders", topicVersion: 1, partitions };
  return { ...producer, transactionalId: "t", topics: [topic] };
}

function ending(producer: ProducerIdentity, isCommit: boolean) {
  return { ...producer, transactionalId: "t", isCommit };
}

const unavailable = failure("LEADER_NOT_AVAILABLE", "not now");

test("a transactional id is registered before it is stored", async () => {
  const { world, coordinator } = startWorld();
  world.cluster = () => Promise.reject(new Error("the cluster is gone"));
  expect(await coordinator.initProducerId(INIT)).toMatchObject({ error: "COORDINATOR_NOT_AVAILABLE" });
  expect([world.store.transaction(), coordinator.describe()]).toEqual([null, null]);
  world.cluster = async () => {};
  expect(await init(coordinator)).toEqual({ producerId: 7, producerEpoch: 0 });
  expect([...world.registered]).toEqual(["t"]);
});

test("two that begin a transactional id at once share its producer id, and the later has the later epoch", async () => {
  const { coordinator } = startWorld();
  expect(await Promise.all([init(coordinator), init(coordinator)])).toEqual([
    { producerId: 7, producerEpoch: 0 },
    { producerId: 7, producerEpoch: 1 },
  ]);
});

test.each([0, -1, MAX_TIMEOUT_MS + 1])("a transaction timeout of %d is refused", async (timeoutMs) => {
  const { coordinator } = startWorld();
  expect(await coordinator.initProducerId({ ...INIT, timeoutMs })).toMatchObject({ error: "INVALID_TRANSACTION_TIMEOUT" });
});

test.each(["", "x".repeat(256), "\ud800"])("the transactional id %j is refused", async (transactionalId) => {
  const { coordinator } = startWorld();
  expect(await coordinator.initProducerId({ ...INIT, transactionalId })).toMatchObject({ error: "INVALID_REQUEST" });
});

test("what nobody began is refused", async () => {
  const { world, coordinator } = startWorld();
  const nobody = { producerId: 7, producerEpoch: 0 };
  const error = "INVALID_PRODUCER_ID_MAPPING";
  expect(await coordinator.addPartitions(touching(nobody, 0))).toMatchObject({ error });
  expect(await coordinator.end(ending(nobody, true))).toMatchObject({ error });
  expect(coordinator.verify({ ...nobody, topicId: "orders-id", partition: 0 })).toMatchObject({ error });
  expect(coordinator.verifyGroup({ ...nobody, groupId: "g" })).toMatchObject({ error });
  expect(world.store.transaction()).toBeNull();
});

test("a commit is answered when every partition and group has heard of it", async () => {
  const { world, coordinator } = startWorld();
  const producer = await init(coordinator);
  expect(await coordinator.addPartitions(touching(producer, 0, 1))).toBeNull();
  expect(await coordinator.addGroup({ ...producer, transactionalId: "t", groupId: "g" })).toBeNull();
  expect(await coordinator.end(ending(producer, true))).toBeNull();
  expect(world.told).toEqual(["orders/0 commit epoch 0 by 0", "orders/1 commit epoch 0 by 0", "group g commit transaction 1"]);
  expect(coordinator.describe()).toMatchObject({ state: "CompleteCommit", topics: [], groups: [] });
  expect(await coordinator.end(ending(producer, true))).toBeNull();
  expect(world.told).toHaveLength(3);
});

test("the decision is stored before anybody hears of it", async () => {
  const { world, coordinator } = startWorld();
  const producer = await init(coordinator);
  await coordinator.addPartitions(touching(producer, 0));
  const states: unknown[] = [];
  world.partition = async () => {
    states.push(world.store.transaction()?.state);
    return null;
  };
  await coordinator.end(ending(producer, false));
  expect(states).toEqual(["PrepareAbort"]);
});

test("a partition that cannot be reached is tried again, with a later coordinator epoch, and the others are not told twice", async () => {
  const { world, coordinator } = startWorld();
  const producer = await init(coordinator);
  await coordinator.addPartitions(touching(producer, 0, 1));
  let failures = 2;
  world.partition = async (name) => (name === "orders/1" && failures-- > 0 ? unavailable : null);
  expect(await coordinator.end(ending(producer, true))).toBeNull();
  expect(world.told).toEqual(["orders/0 commit epoch 0 by 0", "orders/1 commit epoch 0 by 2"]);
  await coordinator.addPartitions(touching(producer, 0));
  await coordinator.end(ending(producer, false));
  expect(world.told.at(-1)).toBe("orders/0 abort epoch 0 by 2");
});

test.each(["UNKNOWN_TOPIC_ID", "UNKNOWN_TOPIC_OR_PARTITION"] as const)("a topic that is gone (%s) holds nothing up", async (error) => {
  const { world, coordinator } = startWorld();
  const producer = await init(coordinator);
  await coordinator.addPartitions(touching(producer, 0));
  world.partition = async () => failure(error, "deleted");
  await coordinator.end(ending(producer, true));
  expect(coordinator.describe()).toMatchObject({ state: "CompleteCommit" });
});

test("a decision that not everybody hears of is answered all the same, and goes on by the alarm", async () => {
  const { world, coordinator } = startWorld();
  const producer = await init(coordinator);
  await coordinator.addPartitions(touching(producer, 0, 1));
  world.partition = async (name) => (name === "orders/1" ? unavailable : null);
  world.group = () => Promise.reject(new Error("gone"));
  await coordinator.addGroup({ ...producer, transactionalId: "t", groupId: "g" });
  const warned = vi.spyOn(console, "warn").mockReturnValue(undefined);
  expect(await coordinator.end(ending(producer, true))).toBeNull();
  expect(coordinator.describe()).toMatchObject({ state: "PrepareCommit", topics: [{ partitions: [1] }], groups: ["g"] });
  expect(await coordinator.addPartitions(touching(producer, 0))).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
  expect(await coordinator.end(ending(producer, false))).toMatchObject({ error: "INVALID_TXN_STATE" });
  expect(world.ringAtMs).toBeLessThanOrEqual(world.nowMs + 5_000);
  expect(warned).toHaveBeenCalled();
  warned.mockRestore();
  world.partition = async () => null;
  world.group = async () => null;
  await coordinator.ring();
  expect(coordinator.describe()).toMatchObject({ state: "CompleteCommit" });
});

test("a request waits no longer than it may for partitions that do not answer", async () => {
  const { world, coordinator } = startWorld({ endWaitMs: 1 });
  const producer = await init(coordinator);
  await coordinator.addPartitions(touching(producer, 0));
  const { promise, resolve } = Promise.withResolvers<null>();
  world.partition = () => promise;
  expect(await coordinator.end(ending(producer, true))).toBeNull();
  expect(await coordinator.addPartitions(touching(producer, 0))).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
  expect(await coordinator.initProducerId(INIT)).toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
  resolve(null);
  await vi.waitFor(() => expect(coordinator.describe()).toMatchObject({ state: "CompleteCommit" }));
});

test("a restart after the decision goes on with it, as a later coordinator", async () => {
  const { world, coordinator, start } = startWorld({ endWaitMs: 1 });
  const producer = await init(coordinator);
  await coordinator.addPartitions(touching(producer, 0));
  world.partition = () => new Promise(() => undefined); // the process dies meanwhile
  await coordinator.end(ending(producer, true));
  world.partition = async () => null;
  const restarted = start();
  restarted.resume();
  await vi.waitFor(() => expect(restarted.describe()).toMatchObject({ state: "CompleteCommit" }));
  expect(world.told).toEqual(["orders/0 commit epoch 0 by 1"]);
});

test("a restart before the decision leaves the transaction open", async () => {
  const { coordinator, start, world } = startWorld();
  const producer = await init(coordinator);
  await coordinator.addPartitions(touching(producer, 0));
  const restarted = start();
  restarted.resume();
  expect(restarted.describe()).toMatchObject({ state: "Ongoing" });
  expect(restarted.verify({ ...producer, topicId: "orders-id", partition: 0 })).toBeNull();
  expect(await restarted.end(ending(producer, true))).toBeNull();
  expect(world.told).toEqual(["orders/0 commit epoch 0 by 0"]);
});

test("a new producer aborts the transaction of the one before, which is fenced", async () => {
  const { world, coordinator } = startWorld();
  const zombie = await init(coordinator);
  await coordinator.addPartitions(touching(zombie, 0));
  expect(await init(coordinator)).toEqual({ producerId: 7, producerEpoch: 2 });
  expect(world.told).toEqual(["orders/0 abort epoch 1 by 0"]);
  expect(await coordinator.end(ending(zombie, true))).toMatchObject({ error: "PRODUCER_FENCED" });
});

test("the alarm aborts a transaction that is open for too long, and fences its producer", async () => {
  const { world, coordinator } = startWorld();
  const producer = await init(coordinator);
  await coordinator.addPartitions(touching(producer, 0));
  expect(world.ringAtMs).toBe(world.nowMs + INIT.timeoutMs);
  world.nowMs += INIT.timeoutMs - 1;
  await coordinator.ring();
  expect(coordinator.describe()).toMatchObject({ state: "Ongoing" });
  world.nowMs += 1;
  await coordinator.ring();
  expect(coordinator.describe()).toMatchObject({ state: "CompleteAbort", producerEpoch: 1 });
  expect(world.told).toEqual(["orders/0 abort epoch 1 by 0"]);
  expect(await coordinator.addPartitions(touching(producer, 0))).toMatchObject({ error: "PRODUCER_FENCED" });
});

test("an id that nobody uses goes from the register and from storage, and begins anew with another producer id", async () => {
  const { world, coordinator } = startWorld();
  await init(coordinator);
  world.nowMs += EXPIRATION_MS;
  world.cluster = () => Promise.reject(new Error("the cluster is gone"));
  await coordinator.ring();
  expect([coordinator.describe(), world.store.transaction()?.state]).toEqual([null, "Dead"]);
  expect(await coordinator.initProducerId(INIT)).toMatchObject({ error: "COORDINATOR_NOT_AVAILABLE" });
  world.cluster = async () => {};
  await coordinator.ring();
  expect([world.store.transaction(), world.registered.size]).toEqual([null, 0]);
  expect(await init(coordinator)).toEqual({ producerId: 8, producerEpoch: 0 });
});

test("an expired id that is not removed yet is begun anew by its next producer", async () => {
  const { world, coordinator } = startWorld();
  await init(coordinator);
  world.nowMs += EXPIRATION_MS;
  world.cluster = () => Promise.reject(new Error("the cluster is gone"));
  await coordinator.ring();
  world.cluster = async () => {};
  expect(await init(coordinator)).toEqual({ producerId: 8, producerEpoch: 0 });
  expect([...world.registered]).toEqual(["t"]);
});

test("an end in the next epoch is answered with it, and again to a producer that did not get the answer", async () => {
  const { world, coordinator } = startWorld();
  const producer = await init(coordinator);
  expect(await coordinator.addPartitions(touching(producer, 0))).toBeNull();
  expect(await coordinator.joinGroup({ ...producer, transactionalId: "t", groupId: "g" })).toEqual({ transactionNumber: 1 });
  const next = { producerId: 7, producerEpoch: 1 };
  for (let time = 0; time < 2; time++) expect(await coordinator.endInNextEpoch(ending(producer, true))).toEqual(next);
  expect(world.told).toEqual(["orders/0 commit epoch 1 by 0", "group g commit transaction 1"]);
  expect(await coordinator.joinGroup({ ...producer, transactionalId: "t", groupId: "g" })).toMatchObject({ error: "PRODUCER_FENCED" });
  expect(await coordinator.joinGroup({ ...next, transactionalId: "t", groupId: "g" })).toEqual({ transactionNumber: 2 });
});

test("the decision in the next epoch outlives a restart, and so does its answer", async () => {
  const { world, coordinator, start } = startWorld({ endWaitMs: 1 });
  const producer = await init(coordinator);
  await coordinator.addPartitions(touching(producer, 0));
  world.partition = () => new Promise(() => undefined); // the process dies meanwhile
  const next = { producerId: 7, producerEpoch: 1 };
  expect(await coordinator.endInNextEpoch(ending(producer, true))).toEqual(next);
  expect(await coordinator.endInNextEpoch(ending(next, false)), "the next transaction").toMatchObject({ error: "CONCURRENT_TRANSACTIONS" });
  world.partition = async () => null;
  const restarted = start();
  restarted.resume();
  expect(await restarted.endInNextEpoch(ending(producer, true))).toEqual(next);
  await vi.waitFor(() => expect(restarted.describe()).toMatchObject({ state: "CompleteCommit", ...next }));
  expect(world.told).toEqual(["orders/0 commit epoch 1 by 1"]);
});

test("the end of a producer id's last epoch needs another id before anything is decided", async () => {
  const { world, start } = startWorld();
  const producer = { producerId: 7, producerEpoch: 32_766 };
  await init(start());
  world.store.put({ ...world.store.transaction()!, producerEpoch: producer.producerEpoch });
  const coordinator = start();
  await coordinator.addPartitions(touching(producer, 0));
  world.cluster = () => Promise.reject(new Error("the cluster is gone"));
  expect(await coordinator.endInNextEpoch(ending(producer, true))).toMatchObject({ error: "COORDINATOR_NOT_AVAILABLE" });
  expect(coordinator.describe()).toMatchObject({ state: "Ongoing", ...producer });
  world.cluster = async () => {};
  const next = { producerId: 8, producerEpoch: 0 };
  for (let time = 0; time < 2; time++) expect(await coordinator.endInNextEpoch(ending(producer, true))).toEqual(next);
  expect(world.told).toEqual(["orders/0 commit epoch 32767 by 0"]);
  expect(await coordinator.addPartitions(touching(next, 1))).toBeNull();
});
