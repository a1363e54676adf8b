// DescribeGroups (key 15), versions 0-6: groups of the classic kind. Any other is Dead, without an error before version 6, which says
// GROUP_ID_NOT_FOUND (KIP-1043).

import type { Access } from "../../../broker/access.ts";
import type { Broker } from "../../../broker/broker.ts";
import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { authorizedOperations } from "../authorized-operations.ts";
import { serve } from "../call.ts";

export const describeGroups = serve(API.describeGroups, { min: 0, max: 6 }, async ({ request, version, broker, session }) => ({
  throttleTimeMs: 0,
  groups: await describeEach(
    request.groups,
    (groupId) => describeGroup(broker, groupId, version),
    request.includeAuthorizedOperations ? session.access : null,
  ),
}));

/** Groups in an answer, each by itself, with what the client may do to them where it asks for that. */
export function describeEach<Group extends { readonly errorCode: number; readonly groupId: string }>(
  groupIds: readonly string[],
  describe: (groupId: string) => Promise<Group>,
  access: Access | null,
) {
  return Promise.all(
    groupIds.map(async (groupId) => {
      const described = await describe(groupId);
      return access === null ? described : withGroupOperations(described, access);
    }),
  );
}

/** It is not told of a group that the client may not describe. */
function withGroupOperations<Group extends { readonly errorCode: number; readonly groupId: string }>(group: Group, access: Access) {
  if (group.errorCode !== 0) return group;
  return { ...group, authorizedOperations: authorizedOperations(access, "GROUP", group.groupId) };
}

async function describeGroup(broker: Broker, groupId: string, version: number) {
  const group = await broker.classicGroup(groupId).describeClassic(groupId);
  const nobody = { groupId, protocolType: "", protocolData: "", members: [] };
  if (group === null && version < 6) return { ...nobody, errorCode: 0, groupState: "Dead" };
  if (group === null) {
    const errorMessage = `Group ${groupId} is not a classic group.`;
    return { ...nobody, errorCode: errorCode("GROUP_ID_NOT_FOUND"), errorMessage, groupState: "Dead" };
  }
  if (isFailure(group)) return { ...nobody, errorCode: errorCode(group.error), groupState: "" };
  const members = group.members.map(({ memberId, groupInstanceId, clientId, clientHost, metadata, assignment }) => ({
    ...{ memberId, groupInstanceId, clientId, clientHost },
    memberMetadata: new Uint8Array(metadata),
    memberAssignment: new Uint8Array(assignment),
  }));
  return { errorCode: 0, groupId, groupState: group.state, protocolType: group.protocolType, protocolData: group.protocolName, members };
}
