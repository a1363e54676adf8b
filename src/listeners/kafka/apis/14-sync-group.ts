// SyncGroup (key 14), versions 0-5. 5: the client says which protocol it believes in.

import { errorCode, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { untilGone } from "../until-gone.ts";

export const syncGroup = serve(API.syncGroup, { min: 0, max: 5 }, async ({ request, broker, session }) => {
  const { groupId, memberId, groupInstanceId, generationId, protocolType, protocolName } = request;
  const assignments = request.assignments.map((one) => ({
    memberId: one.memberId,
    assignment: one.assignment.slice().buffer as ArrayBuffer,
  }));
  const member = { groupId, memberId, groupInstanceId, generationId };
  const syncing = broker.classicGroup(groupId).sync({ ...member, protocolType, protocolName, assignments });
  const answer = await untilGone(syncing, session.signal);
  if (isFailure(answer)) {
    return { throttleTimeMs: 0, errorCode: errorCode(answer.error), protocolType: null, protocolName: null, assignment: new Uint8Array(0) };
  }
  return { throttleTimeMs: 0, errorCode: 0, ...answer, assignment: new Uint8Array(answer.assignment) };
});
