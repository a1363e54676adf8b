// Replay: a subscription's group is moved as any group's is, and the subscription follows it (objects/subscribed-group.ts).

import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { ReplayRequest, ResetOffsetsResult } from "./broker.ts";
import { resetOffsets } from "./groups.ts";
import type { Ports } from "./ports.ts";
import type { TopicCache } from "./topics.ts";

export async function replaySubscription(ports: Ports, topics: TopicCache, request: ReplayRequest): Promise<ResetOffsetsResult | Failure> {
  const { name, topic: only, partition, to, dryRun = false } = request;
  const status = await ports.subscription(name).status();
  if (isFailure(status)) return status;
  const followed = status.config.topics;
  if (only !== undefined && !followed.includes(only)) {
    return failure("INVALID_REQUEST", `subscription '${name}' does not follow topic '${only}', but ${followed.join(", ")}`);
  }
  const offsets: ResetOffsetsResult["offsets"][number][] = [];
  for (const topic of only === undefined ? followed : [only]) {
    const where = partition === undefined ? { topic } : { topic, partition };
    const reset = await resetOffsets(ports, topics, { groupId: name, ...where, to, dryRun });
    if (!isFailure(reset)) offsets.push(...reset.offsets);
    else if (offsets.length === 0) return reset;
    else offsets.push({ topic, partition: 0, from: null, to: -1, failure: reset });
  }
  return { offsets };
}
