// DeleteGroups (key 42), versions 0-2: groups without members, with their offsets.

import { errorCode } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";

export const deleteGroups = serve(API.deleteGroups, { min: 0, max: 2 }, async ({ request, broker }) => {
  const results = [];
  for (const groupId of request.groupsNames) {
    const refused = await broker.deleteGroup(groupId);
    results.push({ groupId, errorCode: refused === null ? 0 : errorCode(refused.error) });
  }
  return { throttleTimeMs: 0, results };
});
