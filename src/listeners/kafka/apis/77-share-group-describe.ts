// ShareGroupDescribe (key 77), version 1 (KIP-932): share groups with their members. Who pulls over HTTP is no member, and not told of.

import type { Broker } from "../../../broker/broker.ts";
import type { ShareGroupMembers } from "../../../broker/ports.ts";
import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { describedAssignment } from "../member-assignment.ts";
import { describeEach } from "./15-describe-groups.ts";

type Member = ShareGroupMembers["members"][number];

export const shareGroupDescribe = serve(API.shareGroupDescribe, { min: 1, max: 1 }, async ({ request, broker, session }) => ({
  throttleTimeMs: 0,
  groups: await describeEach(
    request.groupIds,
    (groupId) => describeGroup(broker, groupId),
    request.includeAuthorizedOperations ? session.access : null,
  ),
}));

async function describeGroup(broker: Broker, groupId: string) {
  const group = await broker.shareGroups.members(groupId);
  if (isFailure(group)) {
    const nobody = { groupState: "Dead", groupEpoch: 0, assignmentEpoch: 0, assignorName: "", members: [] };
    return { errorCode: errorCode(group.error), errorMessage: group.detail, groupId, ...nobody };
  }
  const { state, members, ...epochs } = group;
  return { errorCode: 0, groupId, groupState: state, ...epochs, members: members.map(describeMember) };
}

function describeMember({ subscribedTopicNames, assignment, ...member }: Member) {
  return {
    ...member,
    subscribedTopicNames: [...subscribedTopicNames],
    assignment: describedAssignment(assignment),
  };
}
