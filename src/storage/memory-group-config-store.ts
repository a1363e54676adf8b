// A group's own configs in memory, for tests.

import type { ConsumerConfigs } from "../common/consumer-configs.ts";
import type { GroupConfigStore } from "./group-config-store.ts";

export class MemoryGroupConfigStore implements GroupConfigStore {
  #configs: ConsumerConfigs = {};

  consumerConfigs(): ConsumerConfigs {
    return this.#configs;
  }

  putConsumerConfigs(configs: ConsumerConfigs): void {
    this.#configs = structuredClone(configs);
  }
}
