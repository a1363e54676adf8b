// Users, tokens, ACLs and quotas, made, told and taken away by those who may: the use cases behind both doors. As in Kafka, changes need
// ALTER on the cluster and questions DESCRIBE; for quotas ALTER_CONFIGS and DESCRIBE_CONFIGS.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_SECURITY_CHANGES, MIN_SCRAM_ITERATIONS } from "../common/limits/security.ts";
import type { ScramMechanism } from "../common/security-words.ts";
import { type AclBinding, type AclFilter, matchesFilter } from "../security/acl.ts";
import type { ClientQuota, QuotaChange } from "../security/client-quota.ts";
import { checkIterations, checkName, checkPassword } from "../security/credential-rules.ts";
import { tokenPrincipal, userPrincipal } from "../security/identity.ts";
import type { ApiToken, CredentialDeletion, UserCredential } from "../security/messages.ts";
import { newCredential } from "../security/scram.ts";
import { hashToken, newTokenText } from "../security/token-text.ts";
import type { Access } from "./access.ts";
import type { Security } from "./security.ts";

export interface PutUser {
  readonly user: string;
  readonly password: string;
  readonly mechanisms: readonly ScramMechanism[];
  readonly iterations?: number | undefined;
  /** Replace what the user may do; absent: that stays as it is. */
  readonly acls?: readonly AclBinding[] | undefined;
}

export interface User {
  readonly user: string;
  readonly credentials: readonly { readonly mechanism: ScramMechanism; readonly iterations: number }[];
}

export interface NewToken {
  readonly name: string;
  readonly expiresAtMs: number | null;
  readonly acls: readonly AclBinding[];
}

export class SecurityAdmin {
  readonly #security: Security;
  readonly #access: Access;

  constructor(security: Security, access: Access) {
    this.#security = security;
    this.#access = access;
  }

  async putUser({ user, password, mechanisms, iterations = MIN_SCRAM_ITERATIONS, acls }: PutUser): Promise<null | Failure> {
    const refused =
      this.#access.refuse("ALTER", "CLUSTER") ?? checkName("a user", user) ?? checkPassword(password) ?? checkIterations(iterations);
    if (refused !== null) return refused;
    const credentials: UserCredential[] = [];
    for (const mechanism of mechanisms) {
      credentials.push({ user, mechanism, ...(await newCredential(mechanism, password, iterations)) });
    }
    return this.#changed(this.#security.port.putUser({ user, credentials, ...(acls !== undefined && { acls }) }));
  }

  async deleteUser(user: string): Promise<null | Failure> {
    return this.#access.refuse("ALTER", "CLUSTER") ?? this.#changed(this.#security.port.deleteUser(user));
  }

  /** By name. */
  async users(): Promise<readonly User[] | Failure> {
    const refused = this.#access.refuse("DESCRIBE", "CLUSTER");
    if (refused !== null) return refused;
    const { credentials } = await this.#security.reload();
    const byUser = Map.groupBy(credentials, ({ user }) => user);
    return [...byUser].map(([user, list]) => ({ user, credentials: list.map(({ mechanism, iterations }) => ({ mechanism, iterations })) }));
  }

  async user(name: string): Promise<(User & { readonly acls: readonly AclBinding[] }) | Failure> {
    const users = await this.users();
    if (isFailure(users)) return users;
    const found = users.find(({ user }) => user === name);
    if (found === undefined) return failure("RESOURCE_NOT_FOUND", `there is no user '${name.slice(0, 300)}'`);
    return { ...found, acls: await this.#bindings({ principal: userPrincipal(name) }) };
  }

  /** One entry for each credential, deletions first. */
  async alterCredentials(
    deletions: readonly CredentialDeletion[],
    upsertions: readonly UserCredential[],
  ): Promise<readonly (Failure | null)[] | Failure> {
    const refused = this.#access.refuse("ALTER", "CLUSTER") ?? tooMany(deletions.length + upsertions.length);
    return refused ?? this.#changed(this.#security.port.alterCredentials(deletions, upsertions));
  }

  /** The token with its text, which nobody is told again. */
  async createToken({ name, expiresAtMs, acls }: NewToken): Promise<(ApiToken & { readonly text: string }) | Failure> {
    const refused = this.#access.refuse("ALTER", "CLUSTER");
    if (refused !== null) return refused;
    const text = newTokenText();
    const token = await this.#changed(this.#security.port.createToken({ name, hash: await hashToken(text), expiresAtMs, acls }));
    return isFailure(token) ? token : { ...token, text };
  }

  async deleteToken(name: string): Promise<null | Failure> {
    return this.#access.refuse("ALTER", "CLUSTER") ?? this.#changed(this.#security.port.deleteToken(name));
  }

  async tokens(): Promise<readonly (ApiToken & { readonly acls: readonly AclBinding[] })[] | Failure> {
    const refused = this.#access.refuse("DESCRIBE", "CLUSTER");
    if (refused !== null) return refused;
    const { tokens, bindings } = await this.#security.reload();
    const byPrincipal = Map.groupBy(bindings, ({ principal }) => principal);
    return tokens.map((token) => ({ ...token, acls: byPrincipal.get(tokenPrincipal(token.name)) ?? [] }));
  }

  async acls(filter: AclFilter): Promise<readonly AclBinding[] | Failure> {
    return this.#access.refuse("DESCRIBE", "CLUSTER") ?? this.#bindings(filter);
  }

  async createAcls(bindings: readonly AclBinding[]): Promise<readonly (Failure | null)[] | Failure> {
    const refused = this.#access.refuse("ALTER", "CLUSTER") ?? tooMany(bindings.length);
    return refused ?? this.#changed(this.#security.port.createAcls(bindings));
  }

  async deleteAcls(filters: readonly AclFilter[]): Promise<readonly (readonly AclBinding[])[] | Failure> {
    const refused = this.#access.refuse("ALTER", "CLUSTER") ?? tooMany(filters.length);
    return refused ?? this.#changed(this.#security.port.deleteAcls(filters));
  }

  async quotas(): Promise<readonly ClientQuota[] | Failure> {
    return this.#access.refuse("DESCRIBE_CONFIGS", "CLUSTER") ?? (await this.#security.reload()).quotaList;
  }

  async alterQuotas(changes: readonly QuotaChange[], validateOnly: boolean): Promise<readonly (Failure | null)[] | Failure> {
    const refused = this.#access.refuse("ALTER_CONFIGS", "CLUSTER") ?? tooMany(changes.length);
    return refused ?? this.#changed(this.#security.port.alterQuotas(changes, validateOnly));
  }

  async #bindings(filter: AclFilter): Promise<readonly AclBinding[]> {
    return (await this.#security.reload()).bindings.filter((binding) => matchesFilter(binding, filter));
  }

  /** Whoever made a change sees it at once, whatever became of the call. */
  async #changed<T>(change: Promise<T>): Promise<T> {
    try {
      return await change;
    } finally {
      this.#security.expire();
    }
  }
}

function tooMany(count: number): Failure | null {
  if (count <= MAX_SECURITY_CHANGES) return null;
  return failure("INVALID_REQUEST", `one request takes at most ${MAX_SECURITY_CHANGES} of these, not ${count}`);
}
