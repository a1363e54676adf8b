// Members of share groups by Kafka's protocol: their heartbeats go to the group's object, and what that gives them to read has its start
// offset before they hear of it.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import type { ShareGroupMembers, ShareHeartbeat, ShareHeartbeatAnswer, TopicMetadata } from "./ports.ts";
import type { ShareContext } from "./share-context.ts";
import { subscribeShareGroup } from "./share-subscribe.ts";

export async function shareHeartbeat(context: ShareContext, request: ShareHeartbeat): Promise<ShareHeartbeatAnswer> {
  const { groupId } = request;
  const answer = await context.ports.shareGroup(groupId).heartbeat(request);
  if (isFailure(answer) || answer.assignment === null || answer.assignment.length === 0) return answer;
  const topics: TopicMetadata[] = [];
  for (const { topic: name, topicId } of answer.assignment) {
    const topic = await context.topics.topic(name);
    if (topic?.topicId === topicId) topics.push(topic); // else it was deleted a moment ago: its fetches are told of it
  }
  const view = await subscribeShareGroup(context, { groupId, topics });
  return isFailure(view) ? view : answer;
}

/** GROUP_ID_NOT_FOUND where there is no such group. */
export async function shareMembers({ ports }: ShareContext, groupId: string): Promise<ShareGroupMembers | Failure> {
  return (await ports.shareGroup(groupId).members()) ?? failure("GROUP_ID_NOT_FOUND", `there is no share group '${groupId}'`);
}
