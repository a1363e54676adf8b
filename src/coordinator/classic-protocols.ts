// How a classic group agrees on a protocol: each member lists those that it supports, in the order of preference, and the group needs
// one that all support. Each member votes for its first among those, and the most votes win; of equals, the one voted for first.

import type { GroupProtocol, JoinedMember, JoinGroupRequest } from "./classic-messages.ts";
import type { ClassicMember, ClassicState } from "./classic-state.ts";
import { allMembers, NO_BYTES } from "./classic-state.ts";

/** Whether a member with these protocols may be in the group. One without members takes any. */
export function supportsProtocols(group: ClassicState, { protocolType, protocols }: JoinGroupRequest): boolean {
  if (protocolType === "" || protocols.length === 0) return false;
  if (group.phase === "Empty" || group.members.size === 0) return true;
  if (group.protocolType !== protocolType) return false;
  const common = commonProtocols(group);
  return protocols.some(({ name }) => common.has(name));
}

/** The names of the protocols that every member supports. */
function commonProtocols(group: ClassicState): Set<string> {
  const supporters = new Map<string, number>();
  for (const member of group.members.values()) {
    for (const name of namesOf(member)) supporters.set(name, (supporters.get(name) ?? 0) + 1);
  }
  return new Set([...supporters].filter(([, count]) => count === group.members.size).map(([name]) => name));
}

function namesOf(member: ClassicMember): Set<string> {
  return new Set(member.protocols.map(({ name }) => name));
}

/** The protocol of the next generation. The group has members, and a protocol that all of them support: joins see to it. */
export function selectProtocol(group: ClassicState): string {
  const common = commonProtocols(group);
  const votes = new Map<string, number>();
  for (const member of group.members.values()) {
    const vote = member.protocols.find(({ name }) => common.has(name));
    if (vote === undefined) throw new Error(`member ${member.memberId} supports no protocol of its group`);
    votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1);
  }
  const [winner] = [...votes].reduce((best, candidate) => (candidate[1] > best[1] ? candidate : best));
  return winner;
}

/** Whether the member would say the same of itself again. */
export function hasSameProtocols(member: ClassicMember, protocols: readonly GroupProtocol[]): boolean {
  return (
    member.protocols.length === protocols.length &&
    member.protocols.every(
      ({ name, metadata }, index) => name === protocols[index]!.name && areSameBytes(metadata, protocols[index]!.metadata),
    )
  );
}

function areSameBytes(one: ArrayBuffer, other: ArrayBuffer): boolean {
  if (one.byteLength !== other.byteLength) return false;
  const [a, b] = [new Uint8Array(one), new Uint8Array(other)];
  return a.every((byte, index) => byte === b[index]);
}

/** What a member says of itself under a protocol. */
export function metadataOf(member: ClassicMember, protocolName: string): ArrayBuffer {
  return member.protocols.find(({ name }) => name === protocolName)?.metadata ?? NO_BYTES;
}

/** Everybody, with what each says of itself under the group's protocol: what a leader needs to divide the work. */
export function joinedMembers(group: ClassicState): JoinedMember[] {
  return allMembers(group).map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    metadata: metadataOf(member, group.protocolName ?? ""),
  }));
}

/** Bytes of names and metadata. */
export function sizeOfProtocols(protocols: readonly GroupProtocol[]): number {
  return protocols.reduce((sum, { name, metadata }) => sum + name.length + metadata.byteLength, 0);
}
