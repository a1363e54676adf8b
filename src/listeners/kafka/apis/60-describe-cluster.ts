// DescribeCluster (key 60), versions 0-1.

import { API } from "../../../protocol/api-keys.ts";
import { NODE_ID, serve } from "../call.ts";

export const describeCluster = serve(API.describeCluster, { min: 0, max: 1 }, async ({ request, broker, settings }) => ({
  ...{ throttleTimeMs: 0, errorCode: 0, errorMessage: null, endpointType: request.endpointType },
  clusterId: await broker.clusterId(),
  controllerId: NODE_ID,
  brokers: [{ brokerId: NODE_ID, ...settings.advertised, rack: null, isFenced: false }],
}));
