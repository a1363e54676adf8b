// What all requests and objects of an isolate share: data, no promises.

import { ClusterCache } from "../broker/cluster-cache.ts";
import type { BrokerState } from "../broker/create-broker.ts";
import { ProducerIdPool } from "../broker/producer-ids.ts";
import { ShareGroupCache } from "../broker/share-group-cache.ts";
import { SharedRecords } from "../broker/shared-records.ts";
import { core } from "./core.ts";

export const brokerState: BrokerState = {
  core,
  clusterCache: new ClusterCache({ now: Date.now }),
  producerIds: new ProducerIdPool(),
  shareGroups: new ShareGroupCache(Date.now),
  sharedRecords: new SharedRecords(Date.now),
  now: Date.now,
  random: Math.random,
};
