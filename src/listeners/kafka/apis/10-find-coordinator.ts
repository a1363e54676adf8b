// FindCoordinator (key 10), versions 0-5: groups are coordinated by the one broker that there is. Not here: transactions (key type 1).

import { errorCode } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { NODE_ID, serve } from "../call.ts";

const GROUP = 0;

export const findCoordinator = serve(API.findCoordinator, { min: 0, max: 5 }, async ({ request, version, settings, session }) => {
  const isGroup = request.keyType === GROUP;
  const found = {
    errorCode: isGroup ? 0 : errorCode("INVALID_REQUEST"),
    errorMessage: isGroup ? null : "this broker coordinates groups only: it does not support transactions yet",
    nodeId: isGroup ? NODE_ID : -1,
    host: isGroup ? settings.advertised.host : "",
    port: isGroup ? settings.advertised.port : -1,
  };
  const coordinatorOf = (groupId: string) => {
    const refused = isGroup ? session.access.refuse("DESCRIBE", "GROUP", groupId) : null;
    if (refused === null) return found;
    return { errorCode: errorCode(refused.error), errorMessage: refused.detail, nodeId: -1, host: "", port: -1 };
  };
  if (version < 4) return { throttleTimeMs: 0, ...coordinatorOf(request.key), coordinators: [] };
  const coordinators = request.coordinatorKeys.map((key) => ({ key, ...coordinatorOf(key) }));
  return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, nodeId: -1, host: "", port: -1, coordinators };
});
