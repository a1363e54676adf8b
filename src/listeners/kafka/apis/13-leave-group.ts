// LeaveGroup (key 13), versions 0-5: one member, or (3+) several, named by member id or by group instance id.

import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

export const leaveGroup = serve(API.leaveGroup, { min: 0, max: 5 }, async ({ request, version, broker }) => {
  const { groupId } = request;
  const leaving = version < 3 ? [{ memberId: request.memberId, groupInstanceId: null }] : request.members;
  const left = await broker.classicGroup(groupId).leave({
    groupId,
    members: leaving.map(({ memberId, groupInstanceId }) => ({ memberId, groupInstanceId })),
  });
  if (isFailure(left)) return { throttleTimeMs: 0, errorCode: errorCode(left.error), members: [] };
  const members = left.map(({ memberId, groupInstanceId, failure }) => ({
    memberId,
    groupInstanceId,
    errorCode: failure === null ? 0 : errorCode(failure.error),
  }));
  return { throttleTimeMs: 0, errorCode: version < 3 ? members[0]!.errorCode : 0, members };
});
