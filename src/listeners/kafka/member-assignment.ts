// What is told on the wire of members whose assignment the broker computes: those of consumer groups (KIP-848) and of share groups (KIP-932).

import type { ConsumerGroupDescription, ConsumerHeartbeatAnswer, ShareHeartbeatAnswer } from "../../broker/ports.ts";
import { isFailure } from "../../common/errors.ts";
import { groupErrorCode } from "./group-kinds.ts";

type Assignment = ConsumerGroupDescription["members"][number]["assignment"];

/** ConsumerGroupHeartbeatResponse and ShareGroupHeartbeatResponse. */
export function heartbeatResponse(answer: ConsumerHeartbeatAnswer | ShareHeartbeatAnswer) {
  if (isFailure(answer)) {
    const nobody = { memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null };
    return { throttleTimeMs: 0, errorCode: groupErrorCode(answer), errorMessage: answer.detail, ...nobody };
  }
  const assignment = answer.assignment && {
    topicPartitions: answer.assignment.map(({ topicId, partitions }) => ({ topicId, partitions: [...partitions] })),
  };
  return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, ...answer, assignment };
}

/** The Assignment of a described member. */
export function describedAssignment(assignment: Assignment) {
  return {
    topicPartitions: assignment.map(({ topicId, topic, partitions }) => ({ topicId, topicName: topic, partitions: [...partitions] })),
  };
}
