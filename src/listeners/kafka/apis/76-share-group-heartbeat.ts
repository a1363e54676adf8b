// ShareGroupHeartbeat (key 76), version 1 (KIP-932): joins a share group, keeps a member in it and tells it what to read, leaves it.

import { API } from "../../../protocol/api-keys.ts";
import { serve } from "../call.ts";
import { heartbeatResponse } from "../member-assignment.ts";

export const shareGroupHeartbeat = serve(API.shareGroupHeartbeat, { min: 1, max: 1 }, async ({ request, clientId, broker }) =>
  heartbeatResponse(await broker.shareGroups.heartbeat({ ...request, clientId, clientHost: "/" })),
);
