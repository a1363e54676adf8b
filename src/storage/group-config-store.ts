// What a group object remembers of the configs that were set for its group. They are there without the group too, and outlive it, as in
// Kafka, where they are the cluster's metadata.

import type { ConsumerConfigs } from "../common/consumer-configs.ts";

export interface GroupConfigStore {
  /** {} where none is set. */
  consumerConfigs(): ConsumerConfigs;
  /** {}: nothing is stored any more. */
  putConsumerConfigs(configs: ConsumerConfigs): void;
}
