// FindCoordinator (key 10), versions 0-5: groups and transactions are coordinated by the one broker that there is.

import { errorCode } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import { NODE_ID, serve } from "../call.ts";

/** Groups, and transactional ids. */
const KEY_TYPES: readonly number[] = [0, 1];

export const findCoordinator = serve(API.findCoordinator, { min: 0, max: 5 }, async ({ request, version, settings }) => {
  const isKnown = KEY_TYPES.includes(request.keyType);
  const found = {
    errorCode: isKnown ? 0 : errorCode("INVALID_REQUEST"),
    errorMessage: isKnown ? null : "this broker coordinates groups and transactions only",
    nodeId: isKnown ? NODE_ID : -1,
    host: isKnown ? settings.advertised.host : "",
    port: isKnown ? settings.advertised.port : -1,
  };
  if (version < 4) return { throttleTimeMs: 0, ...found, coordinators: [] };
  const coordinators = request.coordinatorKeys.map((key) => ({ key, ...found }));
  return { throttleTimeMs: 0, errorCode: 0, errorMessage: null, nodeId: -1, host: "", port: -1, coordinators };
});
