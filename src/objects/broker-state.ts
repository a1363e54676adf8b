// What all requests and objects of an isolate share: data, no promises.

import { ClusterCache } from "../broker/cluster-cache.ts";
import type { BrokerState } from "../broker/create-broker.ts";
import { ProducerIdPool } from "../broker/producer-ids.ts";
import { core } from "./core.ts";

export const brokerState: BrokerState = {
  core,
  clusterCache: new ClusterCache({ now: Date.now }),
  producerIds: new ProducerIdPool(),
  now: Date.now,
  random: Math.random,
};
