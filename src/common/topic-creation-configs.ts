// What topics are made with where a client does not say it: Kafka's broker keys, as one table. They are set for the whole deployment, by
// SLUICE_TOPIC_CONFIGS: a JSON object of keys and values as text.

import { int } from "./config-types.ts";
import { type DeploymentConfigTable, readDeploymentConfigs } from "./deployment-configs.ts";
import { MAX_PARTITIONS_PER_TOPIC } from "./limits/topics.ts";

const TOPIC_CREATION_CONFIGS = {
  "num.partitions": {
    type: int({ min: 1, max: MAX_PARTITIONS_PER_TOPIC }),
    defaultText: "1",
    doc: "How many partitions a topic gets that is made without a number of them.",
  },
} as const satisfies DeploymentConfigTable;

export interface TopicCreationConfig {
  readonly defaultPartitions: number;
}

/** The configs of a deployment: `text` is JSON, or absent for the defaults. Throws where it is not valid: it is the operator's. */
export function readTopicCreationConfigs(text: string | null | undefined): TopicCreationConfig {
  const values = readDeploymentConfigs("SLUICE_TOPIC_CONFIGS", "topic creation", TOPIC_CREATION_CONFIGS, text);
  return { defaultPartitions: values["num.partitions"] };
}
