// What every ConsumerStore promises. Run over memory (test/unit) and over SQLite in workerd (test/workers).

import { expect, test } from "vitest";
import type { ConsumerStore, StoredConsumer, StoredConsumerGroup, StoredTopics } from "../../src/storage/consumer-store.ts";

/** Runs the body with a fresh store. */
export type WithConsumerStore = (body: (store: ConsumerStore) => void | Promise<void>) => Promise<void>;

export const aConsumerGroup: StoredConsumerGroup = { groupEpoch: 3, assignmentEpoch: 2, emptySinceMs: null };

export const someTopics: StoredTopics = {
  names: ["orders"],
  patterns: ["ord.*"],
  topics: [{ name: "orders", topicId: "id", partitionCount: 2 }],
};

export function aConsumer(changes: Partial<StoredConsumer> = {}): StoredConsumer {
  return {
    memberId: "m",
    instanceId: null,
    rackId: null,
    clientId: "client",
    clientHost: "/",
    sessionTimeoutMs: 45_000,
    rebalanceTimeoutMs: 300_000,
    names: ["orders"],
    pattern: null,
    serverAssignor: "uniform",
    protocols: null,
    epoch: 2,
    previousEpoch: 1,
    state: "UnrevokedPartitions",
    assigned: [["id", [[0, 1]]]],
    revoking: [["id", [[1, 2]]]],
    target: [["id", [0]]],
    rebalanceDeadlineMs: 1_760_000_000_000,
    ...changes,
  };
}

export function consumerStoreConformance(withStore: WithConsumerStore): void {
  const inStore = (name: string, body: (store: ConsumerStore) => void | Promise<void>) => test(name, () => withStore(body));
  const whole = { group: aConsumerGroup, topics: someTopics, members: [aConsumer()], removed: [] };

  inStore("has nothing at first, and nothing to clear", (store) => {
    store.clear();
    expect(store.load()).toBeNull();
  });

  inStore("keeps all of a group, to the byte", (store) => {
    const classic = aConsumer({ memberId: "é\u{1f600}", protocols: [{ name: "range", metadata: Uint8Array.of(0, 255).buffer }] });
    store.write({ ...whole, members: [aConsumer(), classic] });
    expect(store.load()).toEqual({ group: aConsumerGroup, topics: someTopics, members: [aConsumer(), classic] });
    expect(new Uint8Array(store.load()!.members[1]!.protocols![0]!.metadata)).toEqual(Uint8Array.of(0, 255));
  });

  inStore("changes what has changed, and leaves the rest", (store) => {
    store.write({ ...whole, members: [aConsumer({ memberId: "z" }), aConsumer({ memberId: "a" })] });
    store.write({ members: [aConsumer({ memberId: "z", epoch: 9 })], removed: [] });
    expect(store.load()?.members.map(({ memberId, epoch }) => [memberId, epoch])).toEqual([
      ["z", 9],
      ["a", 2],
    ]);
    store.write({ group: { ...aConsumerGroup, groupEpoch: 4 }, members: [aConsumer({ memberId: "b" })], removed: ["z", "never was"] });
    expect(store.load()).toMatchObject({ group: { groupEpoch: 4 }, topics: someTopics, members: [{ memberId: "a" }, { memberId: "b" }] });
  });

  inStore("forgets all of it", (store) => {
    store.write(whole);
    store.clear();
    expect(store.load()).toBeNull();
    store.write({ ...whole, members: [] });
    expect(store.load()?.members).toEqual([]);
  });

  inStore("keeps a group of thousands in the order in which they came", (store) => {
    const ids = Array.from({ length: 3_000 }, (_, index) => `member ${(index * 7_919) % 3_000}`);
    store.write({ ...whole, members: ids.map((memberId) => aConsumer({ memberId })) });
    expect(store.load()!.members.map(({ memberId }) => memberId)).toEqual(ids);
  });
}
