// Users, tokens, ACLs and quotas as an isolate knows them: the cluster's snapshot, indexed, a few seconds old at the most; in need, when
// the cluster object cannot be reached, a minute (common/snapshot-cache.ts). After it nobody is let in but the admin.

import type { ScramMechanism } from "../common/security-words.ts";
import { SnapshotCache } from "../common/snapshot-cache.ts";
import type { AclBinding } from "./acl.ts";
import { AclIndex } from "./acl-index.ts";
import { type ClientQuota, QuotaIndex } from "./client-quota.ts";
import type { ApiToken, SecuritySnapshot, UserCredential } from "./messages.ts";

/** A snapshot, indexed. */
export class SecurityRules {
  readonly version: number;
  readonly decoySecret: string;
  readonly credentials: readonly UserCredential[];
  readonly tokens: readonly ApiToken[];
  readonly bindings: readonly AclBinding[];
  readonly quotaList: readonly ClientQuota[];
  readonly acls: AclIndex;
  readonly quotas: QuotaIndex;
  readonly #credentials: ReadonlyMap<string, UserCredential>;
  readonly #tokens: ReadonlyMap<string, ApiToken>;

  constructor({ version, decoySecret, credentials, tokens, acls, quotas }: SecuritySnapshot) {
    this.version = version;
    this.decoySecret = decoySecret;
    this.credentials = credentials;
    this.tokens = tokens;
    this.bindings = acls;
    this.quotaList = quotas;
    this.acls = new AclIndex(acls);
    this.quotas = new QuotaIndex(quotas);
    this.#credentials = new Map(credentials.map((credential) => [`${credential.mechanism} ${credential.user}`, credential]));
    this.#tokens = new Map(tokens.map((token) => [token.hash, token]));
  }

  credential(user: string, mechanism: ScramMechanism): UserCredential | undefined {
    return this.#credentials.get(`${mechanism} ${user}`);
  }

  /** @param hash SHA-256 of the token's text, hex */
  token(hash: string): ApiToken | undefined {
    return this.#tokens.get(hash);
  }
}

export class SecurityCache extends SnapshotCache<SecuritySnapshot, SecurityRules> {
  /** @param now ms; any clock that does not go back */
  constructor(now: () => number) {
    super(now, (snapshot) => new SecurityRules(snapshot));
  }
}
