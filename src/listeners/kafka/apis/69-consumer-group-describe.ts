// ConsumerGroupDescribe (key 69), versions 0-1 (KIP-848): groups whose assignment the coordinator computes, with what each member has and is
// to have. 1: which protocol a member speaks (KIP-1099).

import type { Broker } from "../../../broker/broker.ts";
import type { ConsumerGroupDescription } from "../../../broker/ports.ts";
import { type ErrorName, errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { describedAssignment } from "../member-assignment.ts";
import { describeEach } from "./15-describe-groups.ts";

/** ConsumerGroupMember.toMemberType */
const CLASSIC_MEMBER = 0;
const CONSUMER_MEMBER = 1;

type Member = ConsumerGroupDescription["members"][number];

export const consumerGroupDescribe = serve(API.consumerGroupDescribe, { min: 0, max: 1 }, async ({ request, broker, session }) => ({
  throttleTimeMs: 0,
  groups: await describeEach(
    request.groupIds,
    (groupId) => describeGroup(broker, groupId),
    request.includeAuthorizedOperations ? session.access : null,
  ),
}));

async function describeGroup(broker: Broker, groupId: string) {
  const group = await broker.consumerGroup(groupId).describeConsumer(groupId);
  if (group === null) return refused(groupId, "GROUP_ID_NOT_FOUND", `Group ${groupId} is not a consumer group.`);
  if (isFailure(group)) return refused(groupId, group.error, group.detail);
  const { state, groupEpoch, assignmentEpoch, assignorName, members } = group;
  return { errorCode: 0, groupId, groupState: state, groupEpoch, assignmentEpoch, assignorName, members: members.map(describeMember) };
}

function refused(groupId: string, error: ErrorName, errorMessage: string) {
  const nobody = { groupState: "", groupEpoch: 0, assignmentEpoch: 0, assignorName: "", members: [] };
  return { errorCode: errorCode(error), errorMessage, groupId, ...nobody };
}

function describeMember({ groupInstanceId, assignment, targetAssignment, isClassic, subscribedTopicNames, ...member }: Member) {
  return {
    ...member,
    instanceId: groupInstanceId,
    subscribedTopicNames: [...subscribedTopicNames],
    assignment: describedAssignment(assignment),
    targetAssignment: describedAssignment(targetAssignment),
    memberType: isClassic ? CLASSIC_MEMBER : CONSUMER_MEMBER,
  };
}
