// What every GroupStore promises. Run over memory (test/unit) and over SQLite in workerd (test/workers).

import { expect, test } from "vitest";
import type { GroupStore, StoredClassicGroup, StoredMember } from "../../src/storage/group-store.ts";

/** Runs the body with a fresh store. */
export type WithGroupStore = (body: (store: GroupStore) => void | Promise<void>) => Promise<void>;

export function aMember(changes: Partial<StoredMember> = {}): StoredMember {
  return {
    memberId: "client-1",
    groupInstanceId: null,
    clientId: "client",
    clientHost: "/127.0.0.1",
    sessionTimeoutMs: 45_000,
    rebalanceTimeoutMs: 300_000,
    protocols: [{ name: "range", metadata: Uint8Array.of(0, 1, 255).buffer }],
    assignment: Uint8Array.of(128, 0).buffer,
    ...changes,
  };
}

export function aGroup(changes: Partial<StoredClassicGroup> = {}): StoredClassicGroup {
  return {
    generationId: 3,
    protocolType: "consumer",
    protocolName: "range",
    leaderId: "client-1",
    sinceMs: 1_760_000_000_000,
    members: [aMember(), aMember({ memberId: "é\u{1f600}-2", groupInstanceId: "i", protocols: [], assignment: new ArrayBuffer(0) })],
    ...changes,
  };
}

export function groupStoreConformance(withStore: WithGroupStore): void {
  const inStore = (name: string, body: (store: GroupStore) => void | Promise<void>) => test(name, () => withStore(body));

  inStore("has nothing at first, and nothing to clear", (store) => {
    store.clearSessions();
    store.clear();
    expect([store.classicGroup(), store.sessions()]).toEqual([null, null]);
  });

  inStore("keeps all of a group, to the byte", (store) => {
    store.putClassicGroup(aGroup());
    expect(store.classicGroup()).toEqual(aGroup());
    expect(new Uint8Array(store.classicGroup()!.members[0]!.protocols[0]!.metadata)).toEqual(Uint8Array.of(0, 1, 255));
  });

  inStore("keeps the last group, also one that is smaller", (store) => {
    const empty = aGroup({ generationId: 4, protocolType: null, protocolName: null, leaderId: null, members: [] });
    store.putClassicGroup(aGroup());
    store.putClassicGroup(empty);
    expect(store.classicGroup()).toEqual(empty);
  });

  inStore("keeps a group of thousands", (store) => {
    const members = Array.from({ length: 3_000 }, (_, index) => aMember({ memberId: `m-${index}`, assignment: new ArrayBuffer(index) }));
    store.putClassicGroup(aGroup({ members }));
    expect(store.classicGroup()!.members.map(({ memberId, assignment }) => [memberId, assignment.byteLength])).toEqual(
      members.map(({ memberId }, index) => [memberId, index]),
    );
  });

  inStore("does not see what becomes of a group after it was stored", (store) => {
    const assignment = new ArrayBuffer(1);
    store.putClassicGroup(aGroup({ members: [aMember({ assignment })] }));
    new Uint8Array(assignment)[0] = 9;
    expect(new Uint8Array(store.classicGroup()!.members[0]!.assignment)).toEqual(Uint8Array.of(0));
  });

  inStore("keeps sessions apart from the group, until they are cleared", (store) => {
    store.putClassicGroup(aGroup());
    const sessions = new Map([
      ["client-1", 5],
      ["é\u{1f600}-2", 1_760_000_000_001],
    ]);
    store.putSessions(sessions);
    expect(store.sessions()).toEqual(sessions);
    store.putSessions(new Map([["client-1", 6]]));
    expect(store.sessions()).toEqual(new Map([["client-1", 6]]));
    store.clearSessions();
    expect([store.sessions(), store.classicGroup()]).toEqual([null, aGroup()]);
  });

  inStore("forgets everything when it is cleared, and can be used again", (store) => {
    store.putClassicGroup(aGroup());
    store.putSessions(new Map([["client-1", 6]]));
    store.clear();
    expect([store.classicGroup(), store.sessions()]).toEqual([null, null]);
    store.putClassicGroup(aGroup());
    expect(store.classicGroup()).toEqual(aGroup());
  });
}
