// DeleteGroups (key 42), versions 0-2: groups without members, with their offsets; share groups too (KIP-932). Where there are a group and a
// share group of one name, made before a name belonged to one kind, nobody can say which is meant: neither is deleted.

import type { Broker } from "../../../broker/broker.ts";
import { errorCode, type Failure, failure, isFailure, isRetriable } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

export const deleteGroups = serve(API.deleteGroups, { min: 0, max: 2 }, async ({ request, broker }) => {
  const results = [];
  for (const groupId of request.groupsNames) {
    const refused = await deleteGroup(broker, groupId);
    results.push({ groupId, errorCode: refused === null ? 0 : errorCode(refused.error) });
  }
  return { throttleTimeMs: 0, results };
});

async function deleteGroup(broker: Broker, groupId: string): Promise<Failure | null> {
  const shareGroup = await broker.shareGroups.members(groupId);
  if (isFailure(shareGroup)) return isRetriable(shareGroup.error) ? shareGroup : broker.deleteGroup(groupId);
  const group = await broker.describeGroup(groupId);
  if (isFailure(group) && group.error === "GROUP_ID_NOT_FOUND") return broker.shareGroups.delete(groupId);
  return isFailure(group) ? group : failure("INVALID_REQUEST", `'${groupId}' is a group and a share group: delete one of them over HTTP`);
}
