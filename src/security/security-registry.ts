// Users, tokens, ACLs and quotas: the rules of their changes, over a store. It lives in the cluster object, holds everything in memory (all
// of it is bounded), and gives the edge the whole of it at each version, so that the edge decides alone.
//
// Invariant: a change checks everything before it writes anything, and its rows and the new version are one transaction.

import { type Failure, failure } from "../common/errors.ts";
import { MAX_ACLS, MAX_API_TOKENS, MAX_CLIENT_QUOTAS, MAX_SCRAM_CREDENTIALS } from "../common/limits/security.ts";
import type { SecurityKind, SecurityStore } from "../storage/security-store.ts";
import { type AclBinding, type AclFilter, aclKey, checkAcl, matchesFilter } from "./acl.ts";
import { type ClientQuota, checkQuotaChange, entityKey, type QuotaChange } from "./client-quota.ts";
import { checkCredential, checkName } from "./credential-rules.ts";
import { tokenPrincipal, userPrincipal } from "./identity.ts";
import type { ApiToken, CreateTokenRequest, CredentialDeletion, PutUserRequest, SecuritySnapshot, UserCredential } from "./messages.ts";

interface Values {
  readonly credential: Map<string, UserCredential>;
  readonly token: Map<string, ApiToken>;
  readonly acl: Map<string, AclBinding>;
  readonly quota: Map<string, ClientQuota>;
}

const MOST: Readonly<Record<SecurityKind, number>> = {
  credential: MAX_SCRAM_CREDENTIALS,
  token: MAX_API_TOKENS,
  acl: MAX_ACLS,
  quota: MAX_CLIENT_QUOTAS,
};

export class SecurityRegistry {
  readonly #store: SecurityStore;
  readonly #now: () => number;
  #loaded: Values | null = null;

  /** @param now ms since the epoch */
  constructor(store: SecurityStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** null: nothing changed since that version. */
  snapshot(knownVersion: number | null): SecuritySnapshot | null {
    const version = this.#store.version();
    if (version === knownVersion) return null;
    const { credential, token, acl, quota } = this.#values;
    return {
      ...{ version, decoySecret: this.#store.secret() },
      ...{ credentials: inOrder(credential), tokens: inOrder(token), acls: inOrder(acl), quotas: inOrder(quota) },
    };
  }

  putUser({ user, credentials, acls }: PutUserRequest): null | Failure {
    const old = this.#credentialsOf(user).map(credentialKey);
    const refused =
      credentials.map(checkCredential).find((one) => one !== null) ??
      this.#checkRoom("credential", credentials.map(credentialKey), old) ??
      this.#checkAcls(acls ?? [], acls === undefined ? [] : this.#bindingsOf(userPrincipal(user)));
    if (refused !== null) return refused;
    return this.#change(() => {
      for (const key of old) this.#remove("credential", key);
      for (const credential of credentials) this.#put("credential", credentialKey(credential), credential);
      if (acls !== undefined) this.#replaceAcls(userPrincipal(user), acls);
      return null;
    });
  }

  deleteUser(user: string): null | Failure {
    const credentials = this.#credentialsOf(user);
    if (credentials.length === 0) return failure("RESOURCE_NOT_FOUND", `there is no user '${user.slice(0, 300)}'`);
    return this.#change(() => {
      for (const credential of credentials) this.#remove("credential", credentialKey(credential));
      this.#replaceAcls(userPrincipal(user), []);
      return null;
    });
  }

  /** Kafka's ScramControlManager: a user that is named twice is refused altogether; all others are altered, each on its own. */
  alterCredentials(deletions: readonly CredentialDeletion[], upsertions: readonly UserCredential[]): (Failure | null)[] {
    const keys = [...deletions, ...upsertions].map(credentialKey);
    const isRepeated = (key: string) => keys.indexOf(key) !== keys.lastIndexOf(key);
    const repeated = failure("DUPLICATE_RESOURCE", "the same credential is named twice in one request");
    return this.#change(() => [
      ...deletions.map((deletion) => (isRepeated(credentialKey(deletion)) ? repeated : this.#deleteCredential(deletion))),
      ...upsertions.map((credential) => (isRepeated(credentialKey(credential)) ? repeated : this.#putCredential(credential))),
    ]);
  }

  createToken({ name, hash, expiresAtMs, acls }: CreateTokenRequest): ApiToken | Failure {
    const refused =
      checkName("a token", name) ??
      (this.#values.token.has(name) ? failure("DUPLICATE_RESOURCE", `there is a token '${name}' already: delete it first`) : null) ??
      this.#checkRoom("token", [name]) ??
      this.#checkAcls(acls, this.#bindingsOf(tokenPrincipal(name)));
    if (refused !== null) return refused;
    const token = { name, hash, createdAtMs: this.#now(), expiresAtMs };
    return this.#change(() => {
      this.#put("token", name, token);
      this.#replaceAcls(tokenPrincipal(name), acls);
      return token;
    });
  }

  deleteToken(name: string): null | Failure {
    if (!this.#values.token.has(name)) return failure("RESOURCE_NOT_FOUND", `there is no token '${name.slice(0, 300)}'`);
    return this.#change(() => {
      this.#remove("token", name);
      this.#replaceAcls(tokenPrincipal(name), []);
      return null;
    });
  }

  createAcls(bindings: readonly AclBinding[]): (Failure | null)[] {
    return this.#change(() =>
      bindings.map((binding) => {
        const refused = this.#checkAcls([binding], []);
        if (refused === null) this.#put("acl", aclKey(binding), binding);
        return refused;
      }),
    );
  }

  deleteAcls(filters: readonly AclFilter[]): AclBinding[][] {
    return this.#change(() =>
      filters.map((filter) => {
        const matching = [...this.#values.acl.values()].filter((binding) => matchesFilter(binding, filter));
        for (const binding of matching) this.#remove("acl", aclKey(binding));
        return matching;
      }),
    );
  }

  alterQuotas(changes: readonly QuotaChange[], validateOnly: boolean): (Failure | null)[] {
    const alter = () => changes.map((change) => checkQuotaChange(change) ?? this.#alterQuota(change, validateOnly));
    return validateOnly ? alter() : this.#change(alter);
  }

  #alterQuota({ entity, values }: QuotaChange, validateOnly: boolean): Failure | null {
    const key = entityKey(entity);
    const merged = Object.entries({ ...this.#values.quota.get(key)?.values, ...values }).filter(([, value]) => value !== null);
    if (merged.length > 0) {
      const refused = this.#checkRoom("quota", [key]);
      if (refused !== null || validateOnly) return refused;
      this.#put("quota", key, { entity, values: Object.fromEntries(merged) });
    } else if (!validateOnly) {
      this.#remove("quota", key);
    }
    return null;
  }

  #putCredential(credential: UserCredential): Failure | null {
    const refused = checkCredential(credential) ?? this.#checkRoom("credential", [credentialKey(credential)]);
    if (refused === null) this.#put("credential", credentialKey(credential), credential);
    return refused;
  }

  #deleteCredential(deletion: CredentialDeletion): Failure | null {
    const key = credentialKey(deletion);
    if (!this.#values.credential.has(key)) {
      return failure("RESOURCE_NOT_FOUND", `the user '${deletion.user.slice(0, 300)}' has no ${deletion.mechanism} credential`);
    }
    this.#remove("credential", key);
    return null;
  }

  #credentialsOf(user: string): UserCredential[] {
    return [...this.#values.credential.values()].filter((credential) => credential.user === user);
  }

  /** Keys of the bindings that name the principal. */
  #bindingsOf(principal: string): string[] {
    return [...this.#values.acl.values()].filter((binding) => binding.principal === principal).map(aclKey);
  }

  #replaceAcls(principal: string, acls: readonly AclBinding[]): void {
    for (const key of this.#bindingsOf(principal)) this.#remove("acl", key);
    for (const binding of acls) this.#put("acl", aclKey(binding), binding);
  }

  #checkAcls(acls: readonly AclBinding[], replaced: readonly string[]): Failure | null {
    return acls.map(checkAcl).find((one) => one !== null) ?? this.#checkRoom("acl", acls.map(aclKey), replaced);
  }

  /** @param freed keys that go in the same change */
  #checkRoom(kind: SecurityKind, keys: readonly string[], freed: readonly string[] = []): Failure | null {
    const present = this.#values[kind];
    const gone = new Set(freed);
    const added = new Set(keys.filter((key) => !present.has(key) || gone.has(key)));
    if (present.size - gone.size + added.size <= MOST[kind]) return null;
    return failure("POLICY_VIOLATION", `there are as many entries of the kind '${kind}' as there may be: ${MOST[kind]}`);
  }

  get #values(): Values {
    this.#loaded ??= load(this.#store);
    return this.#loaded;
  }

  #put<Kind extends SecurityKind>(kind: Kind, name: string, value: Values[Kind] extends Map<string, infer V> ? V : never): void {
    this.#store.put({ kind, name, value: JSON.stringify(value) });
    (this.#values[kind] as Map<string, unknown>).set(name, value);
  }

  #remove(kind: SecurityKind, name: string): void {
    this.#store.remove(kind, name);
    this.#values[kind].delete(name);
  }

  #change<T>(body: () => T): T {
    try {
      return this.#store.transaction(() => {
        const result = body();
        this.#store.raiseVersion();
        return result;
      });
    } catch (error) {
      this.#loaded = null; // it may have what was rolled back
      throw error;
    }
  }
}

function credentialKey({ user, mechanism }: CredentialDeletion): string {
  return `${mechanism} ${user}`;
}

/** The values in the order of their keys, so that the same rows always give the same snapshot. */
function inOrder<V>(values: ReadonlyMap<string, V>): V[] {
  return [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

function load(store: SecurityStore): Values {
  const values: Values = { credential: new Map(), token: new Map(), acl: new Map(), quota: new Map() };
  for (const { kind, name, value } of store.rows()) (values[kind] as Map<string, unknown>).set(name, JSON.parse(value));
  return values;
}
