// The target assignment: what each member of a consumer group is to have, computed anew when the group epoch has risen
// (TargetAssignmentBuilder of org.apache.kafka.coordinator.group.modern). Only what differs from the target before is changed, and stored.

import { type Failure, failure } from "../common/errors.ts";
import type { Assignor } from "./assignors/assignor.ts";
import { assignRange } from "./assignors/range-assignor.ts";
import { assignUniform } from "./assignors/uniform-assignor.ts";
import type { ConsumerState, ConsumerStep } from "./consumer-state.ts";
import type { Subscription } from "./group-interest.ts";
import type { TopicImage } from "./topic-image.ts";

/** By name, the first being the default (group.consumer.assignors). */
const ASSIGNORS: Readonly<Record<string, Assignor>> = { uniform: assignUniform, range: assignRange };

const DEFAULT_ASSIGNOR = "uniform";

/** Why an assignor cannot be asked for, or null. */
export function checkAssignor(name: string | null): Failure | null {
  if (name === null || Object.hasOwn(ASSIGNORS, name)) return null;
  const names = Object.keys(ASSIGNORS).join(", ");
  return failure("UNSUPPORTED_ASSIGNOR", `There is no assignor '${name.slice(0, 100)}'. The assignors are ${names}.`);
}

/** The assignor that most members ask for; of equals, the one asked for first. */
export function assignorOf(group: ConsumerState): string {
  const votes = new Map<string, number>();
  for (const { serverAssignor } of group.members.values()) {
    if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1);
  }
  let best = DEFAULT_ASSIGNOR;
  for (const [name, count] of votes) if (count > (votes.get(best) ?? 0)) best = name;
  return best;
}

/** Brings the target up to the group's epoch. */
export function updateTarget({ group, changes }: ConsumerStep): void {
  if (group.assignmentEpoch === group.groupEpoch) return;
  const topicIds = new ResolvedSubscriptions(group.topics);
  const members = [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    instanceId: member.instanceId,
    topicIds: topicIds.of(member.subscription),
    target: member.target,
  }));
  const assign = ASSIGNORS[assignorOf(group)]!;
  const assigned = assign({ members, partitionCount: (topicId) => group.topics.withId(topicId)?.partitionCount ?? 0 });
  for (const member of group.members.values()) {
    const target = assigned.get(member.memberId)!;
    if (target === member.target) continue;
    member.target = target;
    changes.changed.add(member.memberId);
  }
  group.assignmentEpoch = group.groupEpoch;
  changes.isGroupChanged = true;
}

/** Ids of the topics behind subscriptions. Those that come to the same topics have the same array. */
class ResolvedSubscriptions {
  readonly #topics: TopicImage;
  readonly #bySubscription = new Map<string, readonly string[]>();
  readonly #byTopics = new Map<string, readonly string[]>();

  constructor(topics: TopicImage) {
    this.#topics = topics;
  }

  of({ names, pattern }: Subscription): readonly string[] {
    const key = JSON.stringify([pattern, names]);
    let topicIds = this.#bySubscription.get(key);
    if (topicIds === undefined) {
      topicIds = this.#interned(this.#resolve(names, pattern));
      this.#bySubscription.set(key, topicIds);
    }
    return topicIds;
  }

  #resolve(names: readonly string[], pattern: string | null): readonly string[] {
    const all = new Set(pattern === null ? names : [...names, ...this.#topics.matching(pattern)]);
    return [...all].sort().flatMap((name) => this.#topics.named(name)?.topicId ?? []);
  }

  #interned(topicIds: readonly string[]): readonly string[] {
    const key = topicIds.join();
    const known = this.#byTopics.get(key) ?? topicIds;
    this.#byTopics.set(key, known);
    return known;
  }
}
