// Decides by ACLs, as Kafka's StandardAuthorizer: what a DENY names is denied; else what an ALLOW names is allowed; else it is denied. A
// right to READ, WRITE, DELETE or ALTER is one to DESCRIBE, and one to ALTER_CONFIGS is one to DESCRIBE_CONFIGS; a DENY implies nothing.
//
// A decision costs as many look-ups as prefixes of different lengths there are, not as many as there are bindings.

import type { AclOperation, ResourceType } from "../common/security-words.ts";
import { type AclBinding, WILDCARD } from "./acl.ts";

const EVERYBODY = "User:*";

const IMPLIED_BY: Readonly<Partial<Record<AclOperation, readonly AclOperation[]>>> = {
  DESCRIBE: ["READ", "WRITE", "DELETE", "ALTER"],
  DESCRIBE_CONFIGS: ["ALTER_CONFIGS"],
};

/** The bindings of one type of resource. */
interface ResourceIndex {
  readonly literal: Map<string, AclBinding[]>;
  readonly prefixed: Map<string, AclBinding[]>;
  /** Of the prefixes. */
  readonly lengths: Set<number>;
}

export interface AclQuestion {
  readonly principal: string;
  readonly operation: AclOperation;
  readonly resourceType: ResourceType;
}

export class AclIndex {
  readonly #types = new Map<ResourceType, ResourceIndex>();

  constructor(bindings: Iterable<AclBinding>) {
    for (const binding of bindings) {
      const { literal, prefixed, lengths } = this.#indexOf(binding.resourceType);
      const byName = binding.patternType === "LITERAL" ? literal : prefixed;
      if (byName === prefixed) lengths.add(binding.resourceName.length);
      byName.set(binding.resourceName, [...(byName.get(binding.resourceName) ?? []), binding]);
    }
  }

  /** Whether the principal may do this to the resource with the name. */
  allows(question: AclQuestion, resourceName: string): boolean {
    let isAllowed = false;
    for (const binding of this.#applying(question.resourceType, resourceName)) {
      if (isDenied(binding, question)) return false;
      isAllowed ||= isAllowedBy(binding, question);
    }
    return isAllowed;
  }

  /** Whether there can be a resource of the type that the principal may do this to (Kafka's authorizeByResourceType). */
  allowsSome(question: AclQuestion): boolean {
    const index = this.#types.get(question.resourceType);
    if (index === undefined) return false;
    const bindings = [...index.literal.values(), ...index.prefixed.values()].flat();
    const denials = bindings.filter((binding) => isDenied(binding, question));
    return bindings.some((binding) => isAllowedBy(binding, question) && !denials.some((denial) => covers(denial, binding)));
  }

  #indexOf(type: ResourceType): ResourceIndex {
    const index = this.#types.get(type) ?? { literal: new Map(), prefixed: new Map(), lengths: new Set() };
    this.#types.set(type, index);
    return index;
  }

  *#applying(type: ResourceType, name: string): Generator<AclBinding> {
    const index = this.#types.get(type);
    if (index === undefined) return;
    yield* index.literal.get(name) ?? [];
    if (name !== WILDCARD) yield* index.literal.get(WILDCARD) ?? [];
    for (const length of index.lengths) {
      if (length <= name.length) yield* index.prefixed.get(name.slice(0, length)) ?? [];
    }
  }
}

function isDenied({ permission, principal, operation }: AclBinding, question: AclQuestion): boolean {
  return permission === "DENY" && isFor(principal, question) && (operation === "ALL" || operation === question.operation);
}

function isAllowedBy({ permission, principal, operation }: AclBinding, question: AclQuestion): boolean {
  if (permission !== "ALLOW" || !isFor(principal, question)) return false;
  return operation === "ALL" || operation === question.operation || (IMPLIED_BY[question.operation]?.includes(operation) ?? false);
}

function isFor(principal: string, question: AclQuestion): boolean {
  return principal === question.principal || principal === EVERYBODY;
}

/** Whether every resource of one pattern is of the other. */
function covers(denial: AclBinding, allowed: AclBinding): boolean {
  if (denial.patternType === "LITERAL") {
    return denial.resourceName === WILDCARD || (allowed.patternType === "LITERAL" && allowed.resourceName === denial.resourceName);
  }
  const isAll = allowed.patternType === "LITERAL" && allowed.resourceName === WILDCARD;
  return !isAll && allowed.resourceName.startsWith(denial.resourceName);
}
