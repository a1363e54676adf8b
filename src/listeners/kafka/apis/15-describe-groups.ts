// DescribeGroups (key 15), versions 0-5. A group that is not there is Dead, without an error.

import type { Broker } from "../../../broker/broker.ts";
import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

export const describeGroups = serve(API.describeGroups, { min: 0, max: 5 }, async ({ request, broker }) => ({
  throttleTimeMs: 0,
  groups: await Promise.all(request.groups.map((groupId) => describeGroup(broker, groupId))),
}));

async function describeGroup(broker: Broker, groupId: string) {
  const group = await broker.classicGroup(groupId).describeClassic(groupId);
  const nobody = { groupId, protocolType: "", protocolData: "", members: [] };
  if (group === null) return { ...nobody, errorCode: 0, groupState: "Dead" };
  if (isFailure(group)) return { ...nobody, errorCode: errorCode(group.error), groupState: "" };
  const members = group.members.map(({ memberId, groupInstanceId, clientId, clientHost, metadata, assignment }) => ({
    ...{ memberId, groupInstanceId, clientId, clientHost },
    memberMetadata: new Uint8Array(metadata),
    memberAssignment: new Uint8Array(assignment),
  }));
  return { errorCode: 0, groupId, groupState: group.state, protocolType: group.protocolType, protocolData: group.protocolName, members };
}
