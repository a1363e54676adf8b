// Users, tokens, ACLs and quotas in memory: the cluster object's rules behind the edge's view of them.

import { createSecurityState, Security } from "../../src/broker/security.ts";
import type { AclBinding } from "../../src/security/acl.ts";
import type { SecurityPort } from "../../src/security/messages.ts";
import { newCredential } from "../../src/security/scram.ts";
import { SecurityRegistry } from "../../src/security/security-registry.ts";
import { MemorySecurityStore } from "../../src/storage/memory-security-store.ts";
import "./web-crypto.ts";

export interface MemorySecurity {
  readonly port: SecurityPort;
  /** How often the whole of it was asked for. */
  loads(): number;
  /** Of one edge: what it knows is its own. */
  security(): Security;
  /** Has both mechanisms. */
  putUser(user: string, password: string, acls?: readonly AclBinding[]): Promise<void>;
}

export function memorySecurity(now: () => number = Date.now): MemorySecurity {
  const registry = new SecurityRegistry(new MemorySecurityStore(), now);
  let loads = 0;
  const port: SecurityPort = {
    securitySnapshot: async (known) => {
      loads += 1;
      return registry.snapshot(known);
    },
    putUser: async (request) => registry.putUser(request),
    deleteUser: async (user) => registry.deleteUser(user),
    alterCredentials: async (deletions, upsertions) => registry.alterCredentials(deletions, upsertions),
    createToken: async (request) => registry.createToken(request),
    deleteToken: async (name) => registry.deleteToken(name),
    createAcls: async (bindings) => registry.createAcls(bindings),
    deleteAcls: async (filters) => registry.deleteAcls(filters),
    alterQuotas: async (changes, validateOnly) => registry.alterQuotas(changes, validateOnly),
  };
  return {
    port,
    loads: () => loads,
    security: () => new Security(port, createSecurityState(now)),
    async putUser(user, password, acls) {
      const credentials = [];
      for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
        credentials.push({ user, mechanism, ...(await newCredential(mechanism, password, 4096)) });
      }
      const refused = registry.putUser({ user, credentials, ...(acls !== undefined && { acls }) });
      if (refused !== null) throw new Error(refused.detail);
    },
  };
}

/** Allows a user one operation on the topics, groups or whatever, with this name or beginning. */
export function allowing(
  user: string,
  operation: AclBinding["operation"],
  resourceType: AclBinding["resourceType"],
  resourceName: string,
  more: Partial<AclBinding> = {},
): AclBinding {
  const binding = { resourceType, resourceName, patternType: "LITERAL", principal: `User:${user}`, host: "*", operation } as const;
  return { ...binding, permission: "ALLOW", ...more };
}
