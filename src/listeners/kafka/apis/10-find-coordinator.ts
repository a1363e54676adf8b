// FindCoordinator (key 10), versions 0-6: groups and transactions are coordinated by the one broker that there is. 6: coordinators of share
// groups' state by their partitions (KIP-932), which only brokers look for: a share group's members are coordinated as a group's are.

import { errorCode } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { NODE_ID, serve } from "../call.ts";

/** By key type: groups, and transactional ids. */
const RESOURCE_TYPES = ["GROUP", "TRANSACTIONAL_ID"] as const;

export const findCoordinator = serve(API.findCoordinator, { min: 0, max: 6 }, async ({ request, version, settings, session }) => {
  const isKnown = RESOURCE_TYPES[request.keyType] !== undefined;
  const found = {
    errorCode: isKnown ? 0 : errorCode("INVALID_REQUEST"),
    errorMessage: isKnown ? null : "this broker coordinates groups and transactions only",
    nodeId: isKnown ? NODE_ID : -1,
    host: isKnown ? settings.advertised.host : "",
    port: isKnown ? settings.advertised.port : -1,
  };
  const coordinatorOf = (key: string) => {
    const refused = isKnown ? session.access.refuse("DESCRIBE", RESOURCE_TYPES[request.keyType]!, key) : null;
    if (refused === null) return found;
    return { errorCode: errorCode(refused.error), errorMessage: refused.detail, nodeId: -1, host: "", port: -1 };
  };
  if (version < 4) return { throttleTimeMs: 0, ...coordinatorOf(request.key), coordinators: [] };
  const coordinators = request.coordinatorKeys.map((key) => ({ key, ...coordinatorOf(key) }));
  return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, nodeId: -1, host: "", port: -1, coordinators };
});
