// `uniform` for members that subscribe to different topics (UniformHeterogeneousAssignmentBuilder of
// org.apache.kafka.coordinator.group.assignor). Everybody keeps what it had, what nobody has goes to whoever has least, and then, topic by
// topic, partitions move from those who have more to those who have less, as long as two subscribers of a topic are two or more apart.

import { type AssignorInput, type AssignorResult, Share } from "./assignor.ts";

/** Passes over the topics at most, as Kafka's: each makes the shares more even, and the first few make almost all of the difference. */
const MAX_PASSES = 16;

interface Topic {
  readonly topicId: string;
  readonly subscribers: readonly Share[];
  readonly free: Set<number>;
}

export function assignMixed({ members, partitionCount }: AssignorInput): AssignorResult {
  const sets = new Map<readonly string[], ReadonlySet<string>>();
  const shares = members.map((member) => {
    const topicIds = sets.get(member.topicIds) ?? new Set(member.topicIds);
    sets.set(member.topicIds, topicIds);
    return new Share(member, topicIds);
  });
  const topics = topicsOf(shares, partitionCount);
  for (const share of shares) keep(share, topics);
  // Topics with few subscribers first: the others have more to choose from.
  const ordered = [...topics.values()].sort((one, other) => one.subscribers.length - other.subscribers.length);
  for (const topic of ordered) giveAway(topic);
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const moved = ordered.map(even);
    if (!moved.includes(true)) break;
  }
  return new Map(shares.map((share) => [share.memberId, share.result()]));
}

function topicsOf(shares: readonly Share[], partitionCount: (topicId: string) => number): Map<string, Topic> {
  const subscribers = new Map<string, Share[]>();
  for (const share of shares) {
    for (const topicId of share.topicIds) {
      const list = subscribers.get(topicId);
      if (list === undefined) subscribers.set(topicId, [share]);
      else list.push(share);
    }
  }
  const toTopic = ([topicId, list]: [string, Share[]]): [string, Topic] => {
    const free = new Set(Array.from({ length: partitionCount(topicId) }, (_, index) => index));
    return [topicId, { topicId, subscribers: list, free }];
  };
  return new Map([...subscribers].map(toTopic));
}

/** Leaves a share what exists, is subscribed to, and nobody else has. */
function keep(share: Share, topics: ReadonlyMap<string, Topic>): void {
  for (const [topicId, partitions] of share.partitions) {
    const free = share.topicIds.has(topicId) ? topics.get(topicId)?.free : undefined;
    for (const partition of partitions) {
      if (!free?.delete(partition)) share.remove(topicId, partition);
    }
  }
}

function giveAway({ topicId, subscribers, free }: Topic): void {
  for (const partition of free) {
    const least = subscribers.reduce((best, share) => (share.count < best.count ? share : best));
    least.add(topicId, partition);
  }
  free.clear();
}

/** Moves partitions of one topic; true: some moved. */
function even({ topicId, subscribers }: Topic): boolean {
  let isMoved = false;
  for (;;) {
    const least = subscribers.reduce((best, share) => (share.count < best.count ? share : best));
    const most = subscribers.reduce<Share | null>((best, share) => {
      return share.of(topicId).size > 0 && (best === null || share.count > best.count) ? share : best;
    }, null);
    if (most === null || most.count - least.count < 2) return isMoved;
    const partition = [...most.of(topicId)].at(-1)!;
    most.remove(topicId, partition);
    least.add(topicId, partition);
    isMoved = true;
  }
}
