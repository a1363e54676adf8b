// Users, tokens, ACLs and quotas as an isolate knows them: the cluster's snapshot, indexed, a few seconds old at the most. Requests share
// this, and never promises (see broker/cluster-cache.ts): when it has expired one request takes the refresh upon itself, the others go on
// with what there is for a moment.
//
// Invariants: a snapshot never replaces a newer one. A load that began before the cache was expired makes nothing fresh.

import type { ScramMechanism } from "../common/security-words.ts";
import type { AclBinding } from "./acl.ts";
import { AclIndex } from "./acl-index.ts";
import { type ClientQuota, QuotaIndex } from "./client-quota.ts";
import type { ApiToken, SecuritySnapshot, UserCredential } from "./messages.ts";

/** How long a snapshot is believed: a change takes this long, and REFRESH_MS more at the worst, to reach every isolate. */
const TTL_MS = 5_000;

/** How long an expired snapshot is used while a request refreshes it. */
const REFRESH_MS = 1_000;

/** How long a snapshot is used when the cluster object cannot be reached. After it nobody is let in but the admin. */
const MAX_AGE_MS = 60_000;

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

/** When a load began. */
export interface LoadStart {
  readonly atMs: number;
  readonly expirations: number;
}

export class SecurityCache {
  readonly #now: () => number;
  #rules: SecurityRules | null = null;
  #loadedAtMs = 0;
  #expirations = 0;
  /** Until then somebody is refreshing it. */
  #refreshUntilMs = 0;

  /** @param now ms; any clock that does not go back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The newest that is known, however old; null before the first load. */
  get latest(): SecurityRules | null {
    return this.#rules;
  }

  /** The rules, or null when the caller has to load them. */
  fresh(): SecurityRules | null {
    const age = this.ageMs;
    if (age < TTL_MS) return this.#rules;
    const now = this.#now();
    if (now < this.#refreshUntilMs && age < TTL_MS + REFRESH_MS) return this.#rules;
    this.#refreshUntilMs = now + REFRESH_MS;
    return null;
  }

  /** The rules, unless they are too old to be used even in need. */
  usable(): SecurityRules | null {
    return this.ageMs < MAX_AGE_MS ? this.#rules : null;
  }

  get ageMs(): number {
    return this.#rules === null ? Number.POSITIVE_INFINITY : this.#now() - this.#loadedAtMs;
  }

  /** To be passed to `put` when the load is done. */
  beginLoad(): LoadStart {
    return { atMs: this.#now(), expirations: this.#expirations };
  }

  /** Takes what was loaded; null: the rules are what they were. */
  put(snapshot: SecuritySnapshot | null, start: LoadStart): void {
    if (snapshot !== null && (this.#rules === null || snapshot.version > this.#rules.version)) this.#rules = new SecurityRules(snapshot);
    if (start.expirations === this.#expirations) this.#loadedAtMs = Math.max(this.#loadedAtMs, start.atMs);
  }

  /** The next look loads: something was changed here. */
  expire(): void {
    this.#loadedAtMs = Math.min(this.#loadedAtMs, this.#now() - TTL_MS - REFRESH_MS);
    this.#refreshUntilMs = 0;
    this.#expirations += 1;
  }
}
