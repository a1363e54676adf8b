// A group's own configs, under one key of its object's storage.

import type { ConsumerConfigs } from "../common/consumer-configs.ts";
import type { GroupConfigStore } from "./group-config-store.ts";

/** Stored: never change it, nor what it stands for (ConsumerConfigs). Absent: none is set. */
const CONSUMER_CONFIGS_KEY = "configs.consumer";

export class KvGroupConfigStore implements GroupConfigStore {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  consumerConfigs(): ConsumerConfigs {
    return this.#kv.get<ConsumerConfigs>(CONSUMER_CONFIGS_KEY) ?? {};
  }

  putConsumerConfigs(configs: ConsumerConfigs): void {
    if (Object.keys(configs).length === 0) this.#kv.delete(CONSUMER_CONFIGS_KEY);
    else this.#kv.put(CONSUMER_CONFIGS_KEY, configs);
  }
}
