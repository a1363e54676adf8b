// Users, tokens, ACLs and quotas over RPC to the cluster object. A call that breaks is thrown: whether anything was changed is not known.

import { createSecurityState, Security } from "../broker/security.ts";
import type { Env } from "../env.ts";
import type { SecurityPort } from "../security/messages.ts";
import { clusterObject } from "./names.ts";

/** Of this isolate. */
const state = createSecurityState(Date.now);

/** Users, rights and quotas, of one request or connection. */
export function securityOf(env: Env): Security {
  return new Security(securityPort(env), state);
}

function securityPort(env: Env): SecurityPort {
  // A connection keeps its port for hours, and a stub of an object that was reset stays broken.
  const object = () => clusterObject(env) as unknown as SecurityPort;
  return {
    securitySnapshot: (knownVersion) => object().securitySnapshot(knownVersion),
    putUser: (request) => object().putUser(request),
    deleteUser: (user) => object().deleteUser(user),
    alterCredentials: (deletions, upsertions) => object().alterCredentials(deletions, upsertions),
    createToken: (request) => object().createToken(request),
    deleteToken: (name) => object().deleteToken(name),
    createAcls: (bindings) => object().createAcls(bindings),
    deleteAcls: (filters) => object().deleteAcls(filters),
    alterQuotas: (changes, validateOnly) => object().alterQuotas(changes, validateOnly),
  };
}
