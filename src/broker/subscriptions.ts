// What is asked of a subscription beside its object. Replay: its group is moved as any group is, and the subscription follows
// (objects/subscribed-group.ts); one that is pulled from is a share group, and moved as one. Pull: the share group of its name is pulled from,
// for the topics that the subscription has.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import { isCalled } from "../subscription/pull-config.ts";
import { resetOffsets } from "./groups.ts";
import type { ResetOffsetsRequest, ResetOffsetsResult } from "./messages/offsets.ts";
import type { ReplayRequest } from "./messages/subscriptions.ts";
import { isPulled } from "./ports/subscription.ts";
import type { ShareContext } from "./share-context.ts";
import { resetShareGroup } from "./share-groups.ts";

export async function replaySubscription(context: ShareContext, request: ReplayRequest): Promise<ResetOffsetsResult | Failure> {
  const { ports, topics } = context;
  const { name, topic: only, partition, to, dryRun = false } = request;
  const status = await ports.subscription(name).status();
  if (isFailure(status)) return status;
  const followed = status.config.topics;
  if (only !== undefined && !followed.includes(only)) {
    return failure("INVALID_REQUEST", `subscription '${name}' does not follow topic '${only}', but ${followed.join(", ")}`);
  }
  const reset = (moved: ResetOffsetsRequest): Promise<ResetOffsetsResult | Failure> =>
    isPulled(status) ? resetShareGroup(context, moved) : resetOffsets(ports, topics, moved);
  const offsets: ResetOffsetsResult["offsets"][number][] = [];
  for (const topic of only === undefined ? followed : [only]) {
    const where = partition === undefined ? { topic } : { topic, partition };
    const moved = await reset({ groupId: name, ...where, to, dryRun });
    if (!isFailure(moved)) offsets.push(...moved.offsets);
    else if (offsets.length === 0) return moved;
    else offsets.push({ topic, partition: 0, from: null, to: -1, failure: moved });
  }
  return { offsets };
}

/** A topic that was deleted is passed over, as by a subscription that is called, and taken up again when there is one of its name. */
export async function pulledTopics({ ports, topics, shareGroups }: ShareContext, name: string): Promise<readonly string[] | Failure> {
  const known = shareGroups.get(name)?.subscribedTopics;
  const view = known ? null : await ports.shareGroup(name).view();
  if (view !== null && isFailure(view)) return view;
  if (view !== null) shareGroups.put(view);
  const subscribed = known ?? view?.subscribedTopics;
  if (!subscribed) return notPulled(await ports.subscription(name).status());
  const found = await Promise.all(subscribed.map((topic) => topics.topic(topic)));
  const there = subscribed.filter((_, index) => found[index] !== null);
  return there.length > 0 ? there : failure("UNKNOWN_TOPIC_OR_PARTITION", `there is no topic '${subscribed.join("', '")}' any more`);
}

/** Why there is nothing to pull from. */
function notPulled(status: Parameters<typeof isPulled>[0] | Failure): Failure {
  if (isFailure(status)) return status;
  if (!isPulled(status)) return isCalled(status.name, "one that is put with `pull: true` is pulled from");
  return failure(
    "COORDINATOR_NOT_AVAILABLE",
    `subscription '${status.name}' is being made or deleted right now: ask again, or put it again`,
  );
}
