// What a client may do: the one place that decides, for every door. Listeners ask it where no use case does; guarded-broker.ts asks it
// before every other.

import { type Failure, failure } from "../common/errors.ts";
import type { AclOperation, ResourceType } from "../common/security-words.ts";
import { CLUSTER_NAME } from "../security/acl.ts";
import type { Identity } from "../security/identity.ts";
import type { SecurityRules } from "../security/security-cache.ts";

const ERROR_OF = {
  TOPIC: "TOPIC_AUTHORIZATION_FAILED",
  GROUP: "GROUP_AUTHORIZATION_FAILED",
  CLUSTER: "CLUSTER_AUTHORIZATION_FAILED",
  TRANSACTIONAL_ID: "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
} as const;

const NAME_OF = { TOPIC: "topic", GROUP: "group", CLUSTER: "cluster", TRANSACTIONAL_ID: "transactional id" } as const;

export class Access {
  readonly identity: Identity;
  readonly #rules: () => SecurityRules | null;

  /** @param rules the newest that are known, asked at each decision; null: nothing is allowed */
  constructor(identity: Identity, rules: () => SecurityRules | null) {
    this.identity = identity;
    this.#rules = rules;
  }

  allows(operation: AclOperation, resourceType: ResourceType, name: string = CLUSTER_NAME): boolean {
    const { principal, isSuperUser } = this.identity;
    return isSuperUser || (this.#rules()?.acls.allows({ principal, operation, resourceType }, name) ?? false);
  }

  /** Whether there can be a resource of the type that the client may do this to. */
  allowsSome(operation: AclOperation, resourceType: ResourceType): boolean {
    const { principal, isSuperUser } = this.identity;
    return isSuperUser || (this.#rules()?.acls.allowsSome({ principal, operation, resourceType }) ?? false);
  }

  /** null where it may, else the refusal. */
  refuse(operation: AclOperation, resourceType: ResourceType, name: string = CLUSTER_NAME): Failure | null {
    if (this.allows(operation, resourceType, name)) return null;
    const what = resourceType === "CLUSTER" ? "the cluster" : `the ${NAME_OF[resourceType]} '${name.slice(0, 300)}'`;
    return failure(ERROR_OF[resourceType], `${this.identity.principal} has no right to ${operation} on ${what}`);
  }
}
