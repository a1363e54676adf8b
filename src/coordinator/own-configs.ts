// The configs of one consumer group: the deployment's, and over them what was set for the group. What is set outlives the group, and waits
// for it where it is not there yet.

import {
  alterConsumerConfigs,
  type ConsumerConfigDescription,
  type ConsumerConfigs,
  describeConsumerConfigs,
  withConsumerConfigs,
} from "../common/consumer-configs.ts";
import { type Failure, isFailure } from "../common/errors.ts";
import type { GroupConfig } from "../common/group-configs.ts";
import type { GroupConfigStore } from "../storage/group-config-store.ts";

export class OwnConfigs {
  readonly #store: GroupConfigStore;
  readonly #deployment: GroupConfig;
  #set: ConsumerConfigs;
  #config: GroupConfig;

  constructor(store: GroupConfigStore, deployment: GroupConfig) {
    this.#store = store;
    this.#deployment = deployment;
    this.#set = store.consumerConfigs();
    this.#config = withConsumerConfigs(deployment, this.#set);
  }

  /** As the group has them now. */
  get config(): GroupConfig {
    return this.#config;
  }

  get isAnySet(): boolean {
    return Object.keys(this.#set).length > 0;
  }

  describe(): ConsumerConfigDescription[] {
    return describeConsumerConfigs(this.#set, this.#deployment);
  }

  /** @returns INVALID_CONFIG, and nothing is changed; null: it is stored, or could be */
  alter(changes: Readonly<Record<string, string | null>>, validateOnly: boolean): null | Failure {
    const altered = alterConsumerConfigs(this.#set, changes, this.#deployment);
    if (isFailure(altered)) return altered;
    const isSame = JSON.stringify(altered) === JSON.stringify(this.#set);
    if (validateOnly || isSame) return null;
    this.#store.putConsumerConfigs(altered);
    this.#set = altered;
    this.#config = withConsumerConfigs(this.#deployment, altered);
    return null;
  }
}
