// Kafka's access control lists (KIP-11, KIP-290): which there may be, and which of them a filter means. A binding allows or denies a
// principal one operation on the resources that a pattern names.
//
// Not here: bindings for single hosts. Behind proxies and Workers a client's address says little, so one that names a host is refused.

import { type Failure, failure } from "../common/errors.ts";
import { MAX_PRINCIPAL_LENGTH, MAX_RESOURCE_NAME_LENGTH } from "../common/limits/security.ts";
import type { AclOperation, PatternType, Permission, ResourceType } from "../common/security-words.ts";

/** The one resource of its type (Kafka's Resource.CLUSTER_NAME). */
export const CLUSTER_NAME = "kafka-cluster";

/** As a literal name: every resource of the type. */
export const WILDCARD = "*";

export const ANY_HOST = "*";

export interface AclBinding {
  readonly resourceType: ResourceType;
  readonly resourceName: string;
  readonly patternType: PatternType;
  /** `Type:name`; `User:*` is everybody. */
  readonly principal: string;
  readonly host: string;
  readonly operation: AclOperation;
  readonly permission: Permission;
}

/** Which bindings are meant; what is null or absent may be anything. */
export interface AclFilter {
  readonly resourceType?: ResourceType | null | undefined;
  readonly resourceName?: string | null | undefined;
  /** `MATCH`: all that apply to a resource with the name. */
  readonly patternType?: PatternType | "MATCH" | null | undefined;
  readonly principal?: string | null | undefined;
  readonly host?: string | null | undefined;
  readonly operation?: AclOperation | null | undefined;
  readonly permission?: Permission | null | undefined;
}

/** Why there can be no such binding, or null. */
export function checkAcl({ resourceType, resourceName, patternType, principal, host }: AclBinding): Failure | null {
  const refuse = (detail: string) => failure("INVALID_REQUEST", detail);
  if (resourceName === "") return refuse("the resource name of an ACL is empty");
  if (resourceName.length > MAX_RESOURCE_NAME_LENGTH)
    return refuse(`the resource name is longer than ${MAX_RESOURCE_NAME_LENGTH} characters`);
  if (resourceType === "CLUSTER" && (resourceName !== CLUSTER_NAME || patternType !== "LITERAL")) {
    return refuse(`the only CLUSTER resource is the literal '${CLUSTER_NAME}', not '${resourceName}'`);
  }
  if (!/^[^:]+:./s.test(principal)) return refuse(`the principal '${principal.slice(0, 300)}' is not TYPE:NAME, such as User:alice`);
  if (principal.length > MAX_PRINCIPAL_LENGTH) return refuse(`the principal is longer than ${MAX_PRINCIPAL_LENGTH} characters`);
  if (host !== ANY_HOST) return refuse(`ACLs for single hosts are not supported: the host must be '*', not '${host.slice(0, 300)}'`);
  return null;
}

export function matchesFilter(binding: AclBinding, filter: AclFilter): boolean {
  const keys = ["resourceType", "principal", "host", "operation", "permission"] as const;
  return keys.every((key) => (filter[key] ?? binding[key]) === binding[key]) && matchesPattern(binding, filter);
}

function matchesPattern({ resourceName, patternType }: AclBinding, filter: AclFilter): boolean {
  const { patternType: wanted = null, resourceName: name = null } = filter;
  if (wanted === "LITERAL" || wanted === "PREFIXED") return patternType === wanted && (name ?? resourceName) === resourceName;
  if (name === null || name === resourceName) return true;
  return wanted === "MATCH" && (patternType === "PREFIXED" ? name.startsWith(resourceName) : resourceName === WILDCARD);
}

/** The same text for the same binding, and for no other. */
export function aclKey({ resourceType, resourceName, patternType, principal, host, operation, permission }: AclBinding): string {
  return JSON.stringify([resourceType, resourceName, patternType, principal, host, operation, permission]);
}
