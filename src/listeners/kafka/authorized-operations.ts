// What a client may do to a topic, a group or the cluster, as answers tell it where the request asks for it (KIP-430): bit n stands for
// operation n. Each type of resource has those operations that Kafka's AclEntry.supportedOperations gives it, whatever the ACLs say.

import type { Access } from "../../broker/access.ts";
import { type AclOperation, OPERATIONS } from "../../common/security-words.ts";

const SUPPORTED = {
  TOPIC: ["READ", "WRITE", "CREATE", "DELETE", "ALTER", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"],
  GROUP: ["READ", "DELETE", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"],
  CLUSTER: ["CREATE", "ALTER", "DESCRIBE", "CLUSTER_ACTION", "DESCRIBE_CONFIGS", "ALTER_CONFIGS", "IDEMPOTENT_WRITE"],
} as const satisfies Record<string, readonly AclOperation[]>;

/**
 * The bits of the operations that the client may do.
 * @param name of the topic or the group; absent for the cluster
 */
export function authorizedOperations(access: Access, resourceType: keyof typeof SUPPORTED, name?: string): number {
  return SUPPORTED[resourceType]
    .filter((operation) => access.allows(operation, resourceType, name))
    .reduce((bits, operation) => bits | (1 << OPERATIONS[operation]), 0);
}
