// The configs of transactions: Kafka's broker keys, as one table. They are set for the whole deployment, by SLUICE_TRANSACTION_CONFIGS: a
// JSON object of keys and values as text.

import { int } from "./config-types.ts";
import { type DeploymentConfigTable, readDeploymentConfigs } from "./deployment-configs.ts";

const TRANSACTION_CONFIGS = {
  "transaction.max.timeout.ms": {
    type: int({ min: 1 }),
    defaultText: "900000",
    doc: "The longest that a producer may keep a transaction open: readers that read committed wait for it.",
  },
  "transactional.id.expiration.ms": {
    type: int({ min: 1 }),
    defaultText: "604800000",
    doc: "How long a transactional id is kept that has no open transaction and is not used.",
  },
} as const satisfies DeploymentConfigTable;

export interface TransactionConfig {
  readonly maxTimeoutMs: number;
  readonly expirationMs: number;
}

/** The configs of a deployment: `text` is JSON, or absent for the defaults. Throws where it is not valid: it is the operator's. */
export function readTransactionConfigs(text: string | null | undefined): TransactionConfig {
  const values = readDeploymentConfigs("SLUICE_TRANSACTION_CONFIGS", "transaction", TRANSACTION_CONFIGS, text);
  return { maxTimeoutMs: values["transaction.max.timeout.ms"], expirationMs: values["transactional.id.expiration.ms"] };
}
