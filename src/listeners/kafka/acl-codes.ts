// ACLs between Kafka's numbers and our words. 1 is ANY in a filter, and nothing else; a number that nobody knows is refused.

import { type Failure, failure } from "../../common/errors.ts";
import { OPERATIONS, PATTERN_TYPES, PERMISSIONS, RESOURCE_TYPES } from "../../common/security-words.ts";
import type { AclBinding, AclFilter } from "../../security/acl.ts";

const ANY = 1;
/** ResourcePatternType MATCH, in filters alone. */
const MATCH = 2;

interface CodedFilter {
  readonly resourceTypeFilter: number;
  readonly resourceNameFilter: string | null;
  readonly patternTypeFilter: number;
  readonly principalFilter: string | null;
  readonly hostFilter: string | null;
  readonly operation: number;
  readonly permissionType: number;
}

export interface CodedAcl {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

export function decodeAcl(coded: CodedAcl): AclBinding | Failure {
  const { resourceName, principal, host } = coded;
  const resourceType = wordOf(RESOURCE_TYPES, coded.resourceType);
  const patternType = wordOf(PATTERN_TYPES, coded.patternType);
  const operation = wordOf(OPERATIONS, coded.operation);
  const permission = wordOf(PERMISSIONS, coded.permissionType);
  if (resourceType === null) return unknown("resource type", coded.resourceType);
  if (patternType === null) return unknown("pattern type", coded.patternType);
  if (operation === null) return unknown("operation", coded.operation);
  if (permission === null) return unknown("permission type", coded.permissionType);
  return { resourceType, resourceName, patternType, principal, host, operation, permission };
}

export function encodeAcl({ resourceType, resourceName, patternType, principal, host, operation, permission }: AclBinding): CodedAcl {
  return {
    ...{ resourceType: RESOURCE_TYPES[resourceType], resourceName, patternType: PATTERN_TYPES[patternType] },
    ...{ principal, host, operation: OPERATIONS[operation], permissionType: PERMISSIONS[permission] },
  };
}

/** Types that there are in Kafka and not here match nothing, and are refused like those that there are nowhere. */
export function decodeAclFilter(coded: CodedFilter): AclFilter | Failure {
  const resourceType = coded.resourceTypeFilter === ANY ? undefined : wordOf(RESOURCE_TYPES, coded.resourceTypeFilter);
  const patternType = coded.patternTypeFilter === ANY ? undefined : patternOf(coded.patternTypeFilter);
  const operation = coded.operation === ANY ? undefined : wordOf(OPERATIONS, coded.operation);
  const permission = coded.permissionType === ANY ? undefined : wordOf(PERMISSIONS, coded.permissionType);
  if (resourceType === null) return unknown("resource type", coded.resourceTypeFilter);
  if (patternType === null) return unknown("pattern type", coded.patternTypeFilter);
  if (operation === null) return unknown("operation", coded.operation);
  if (permission === null) return unknown("permission type", coded.permissionType);
  const { resourceNameFilter: resourceName, principalFilter: principal, hostFilter: host } = coded;
  return { resourceType, resourceName, patternType, principal, host, operation, permission };
}

function patternOf(code: number): "MATCH" | keyof typeof PATTERN_TYPES | null {
  return code === MATCH ? "MATCH" : wordOf(PATTERN_TYPES, code);
}

function wordOf<Word extends string>(table: Readonly<Record<Word, number>>, code: number): Word | null {
  return (Object.keys(table) as Word[]).find((word) => table[word] === code) ?? null;
}

function unknown(what: string, code: number): Failure {
  return failure("INVALID_REQUEST", `the ${what} ${code} is not one that there is here`);
}
