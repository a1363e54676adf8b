// The assignor of share groups, `simple` (SimpleAssignor of org.apache.kafka.coordinator.group.assignor): a partition may be many members'.
// Members with the same subscription divide it among themselves: each partition goes to as many of them as every other, just enough that
// nobody is left without one, and each member gets as many as every other, or one more. It keeps of what it had all that this allows.
//
// Where Kafka has a second algorithm for members with different subscriptions, here each subscription is divided by itself: every topic is
// read by somebody of everyone who asks for it.

import type { AssignorInput, AssignorMember, AssignorResult } from "./assignor.ts";
import { countOf, Share } from "./assignor.ts";

interface Place {
  readonly topicId: string;
  readonly partition: number;
  /** Members that it needs still. */
  missing: number;
}

export function assignSimple({ members, partitionCount }: AssignorInput): AssignorResult {
  const bySubscription = Map.groupBy(members, ({ topicIds }) => topicIds.join());
  return new Map(
    [...bySubscription.values()].flatMap((same) =>
      assignSame(same, partitionCount).map((share) => [share.memberId, share.result()] as const),
    ),
  );
}

function assignSame(members: readonly AssignorMember[], partitionCount: AssignorInput["partitionCount"]): Share[] {
  const topics = new Set(members[0]!.topicIds);
  const total = [...topics].reduce((sum, topicId) => sum + partitionCount(topicId), 0);
  const sharing = total === 0 ? 0 : Math.ceil(members.length / total);
  const places = [...topics].flatMap((topicId) =>
    Array.from({ length: partitionCount(topicId) }, (_, partition): Place => ({ topicId, partition, missing: sharing })),
  );
  // Who has most keeps most: the first `extra` may have one more than the others.
  const shares = [...members].sort((one, other) => countOf(other.target) - countOf(one.target)).map((member) => new Share(member, topics));
  const least = Math.floor((total * sharing) / members.length);
  const extra = (total * sharing) % members.length;
  const quotas = new Map(shares.map((share, index) => [share, index < extra ? least + 1 : least]));
  keep(shares, places, quotas);
  fill(shares, places, quotas);
  return shares;
}

/** Takes from everybody what is not there any more, what has enough others, and what is beyond its quota. */
function keep(shares: readonly Share[], places: readonly Place[], quotas: ReadonlyMap<Share, number>): void {
  const byKey = new Map(places.map((place) => [keyOf(place), place]));
  for (const share of shares) {
    let kept = 0;
    for (const [topicId, numbers] of [...share.partitions]) {
      for (const partition of [...numbers]) {
        const place = byKey.get(keyOf({ topicId, partition }));
        if (place === undefined || place.missing === 0 || kept === quotas.get(share)) share.remove(topicId, partition);
        else [place.missing, kept] = [place.missing - 1, kept + 1];
      }
    }
  }
}

/** Each partition goes to those who have most room. Where only those have room who read it already, one of them takes another's instead. */
function fill(shares: readonly Share[], places: readonly Place[], quotas: ReadonlyMap<Share, number>): void {
  const roomOf = (share: Share): number => quotas.get(share)! - share.count;
  for (const place of places) {
    const others = shares.filter((share) => !has(share, place)).sort((one, other) => roomOf(other) - roomOf(one));
    for (const share of others.slice(0, place.missing)) {
      const isFull = roomOf(share) === 0;
      const swapped = isFull ? swapFor(place, others, shares, roomOf) : share;
      swapped?.add(place.topicId, place.partition);
    }
  }
}

/** Finds one who does not read the place, and gives something else that it reads to one who has room. */
function swapFor(place: Place, others: readonly Share[], shares: readonly Share[], roomOf: (share: Share) => number): Share | undefined {
  for (const roomy of shares.filter((share) => roomOf(share) > 0)) {
    for (const giver of others.filter((share) => !has(share, place))) {
      const [given] = partitionsOf(giver).filter((one) => !has(roomy, one));
      if (given === undefined) continue;
      giver.remove(given.topicId, given.partition);
      roomy.add(given.topicId, given.partition);
      return giver;
    }
  }
  return undefined;
}

function has(share: Share, { topicId, partition }: Pick<Place, "topicId" | "partition">): boolean {
  return share.of(topicId).has(partition);
}

function partitionsOf({ partitions }: Share): Pick<Place, "topicId" | "partition">[] {
  return [...partitions].flatMap(([topicId, numbers]) => [...numbers].map((partition) => ({ topicId, partition })));
}

function keyOf({ topicId, partition }: Pick<Place, "topicId" | "partition">): string {
  return `${topicId}/${partition}`;
}
