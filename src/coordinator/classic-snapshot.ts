// A classic group as it is stored and comes back. Stored is a finished generation, Stable or Empty, as in Kafka's GroupMetadataValue: a
// rebalance that was under way, and calls that were parked, end with the memory of the object, and clients ask again.

import type { StoredClassicGroup } from "../storage/group-store.ts";
import { type ClassicMember, type ClassicState, emptyGroup } from "./classic-state.ts";

/** When each member's session ends, by member id (ms since the epoch). */
export type SessionDeadlines = ReadonlyMap<string, number>;

export function snapshotGroup(group: ClassicState): StoredClassicGroup {
  if (group.phase !== "Stable" && group.phase !== "Empty") throw new Error(`a group that is ${group.phase} is not to be stored`);
  return asStored(group);
}

/** The group as it is, in the form in which it is stored. */
export function asStored(group: ClassicState): StoredClassicGroup {
  const { generationId, protocolType, protocolName, leaderId, phaseSinceMs } = group;
  const members = [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    sessionTimeoutMs: member.sessionTimeoutMs,
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    protocols: member.protocols,
    assignment: member.assignment,
  }));
  return { generationId, protocolType, protocolName, leaderId, sinceMs: phaseSinceMs, members };
}

/** A member that is not among the `sessions` had left; where there are none, everybody's session begins now. */
export function restoreGroup(stored: StoredClassicGroup, nowMs: number, sessions?: SessionDeadlines): ClassicState {
  const members = stored.members.map(
    (member): ClassicMember => ({
      ...member,
      isNew: false,
      sessionDeadlineMs: sessions === undefined ? nowMs + member.sessionTimeoutMs : (sessions.get(member.memberId) ?? nowMs),
      joinWaiter: null,
      syncWaiter: null,
    }),
  );
  const statics = members.flatMap(({ groupInstanceId, memberId }) =>
    groupInstanceId === null ? [] : [[groupInstanceId, memberId] as const],
  );
  return {
    ...emptyGroup(nowMs),
    phase: members.length === 0 ? "Empty" : "Stable",
    phaseSinceMs: stored.sinceMs,
    generationId: stored.generationId,
    protocolType: stored.protocolType,
    protocolName: stored.protocolName,
    leaderId: stored.leaderId,
    members: new Map(members.map((member) => [member.memberId, member])),
    staticMembers: new Map(statics),
  };
}
