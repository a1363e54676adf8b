// Heartbeat (key 12), versions 0-4.

import { errorCode } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

export const heartbeat = serve(API.heartbeat, { min: 0, max: 4 }, async ({ request, broker }) => {
  const { groupId, memberId, groupInstanceId, generationId } = request;
  const refused = await broker.classicGroup(groupId).heartbeat({ groupId, memberId, groupInstanceId, generationId });
  return { throttleTimeMs: 0, errorCode: refused === null ? 0 : errorCode(refused.error) };
});
