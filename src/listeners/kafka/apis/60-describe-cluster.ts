// DescribeCluster (key 60), versions 0-2. There are no fenced brokers to include (2+).

import { API } from "../../../protocol/api-keys.ts";
import { authorizedOperations } from "../authorized-operations.ts";
import { NODE_ID, serve } from "../call.ts";

export const describeCluster = serve(API.describeCluster, { min: 0, max: 2 }, async ({ request, broker, settings, session }) => ({
  ...{ throttleTimeMs: 0, errorCode: 0, errorMessage: null, endpointType: request.endpointType },
  clusterId: await broker.clusterId(),
  controllerId: NODE_ID,
  brokers: [{ brokerId: NODE_ID, ...settings.advertised, rack: null, isFenced: false }],
  ...(request.includeClusterAuthorizedOperations && { clusterAuthorizedOperations: authorizedOperations(session.access, "CLUSTER") }),
}));
