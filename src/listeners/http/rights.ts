// The short form of rights that the HTTP API takes, as the ACLs that it stands for.

import { type AclOperation, RESOURCE_TYPES, type ResourceType, wordsOf } from "../../common/security-words.ts";
import type { Rights } from "../../contract/security.ts";
import { type AclBinding, ANY_HOST, CLUSTER_NAME, WILDCARD } from "../../security/acl.ts";

/** What a principal with these rights may do. */
export function aclsOf(principal: string, { role, topics, groups, transactionalIds }: Rights): AclBinding[] {
  const allow = (resourceType: ResourceType, operation: AclOperation, prefixes: readonly string[] | undefined): AclBinding[] => {
    const binding = { resourceType, principal, host: ANY_HOST, operation, permission: "ALLOW" } as const;
    if (prefixes === undefined) {
      return [{ ...binding, resourceName: resourceType === "CLUSTER" ? CLUSTER_NAME : WILDCARD, patternType: "LITERAL" }];
    }
    return prefixes.map((resourceName) => ({ ...binding, resourceName, patternType: "PREFIXED" }));
  };
  if (role === "admin") return wordsOf(RESOURCE_TYPES).flatMap((resourceType) => allow(resourceType, "ALL", undefined));
  const reads = role === "write" ? [] : [...allow("TOPIC", "READ", topics), ...allow("GROUP", "READ", groups)];
  const writes = role === "read" ? [] : [...allow("TOPIC", "WRITE", topics), ...allow("TRANSACTIONAL_ID", "WRITE", transactionalIds)];
  return [...reads, ...writes];
}
