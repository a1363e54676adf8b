// What one client is charged to its quotas (KIP-13), and how long it has to wait for that. Nothing is refused here: a listener answers at
// once, and then does not listen for as long as it is told (KIP-219), or refuses what comes next (HTTP).

import type { QuotaKey } from "../common/security-words.ts";
import type { QuotaLimit } from "../security/client-quota.ts";
import type { Identity } from "../security/identity.ts";
import type { SecurityRules } from "../security/security-cache.ts";
import type { TokenBuckets } from "../security/token-bucket.ts";

export class ClientMeter {
  readonly #user: string;
  readonly #rules: () => SecurityRules | null;
  readonly #buckets: TokenBuckets;
  #owedMs = 0;

  /** Quotas name users as Kafka does, without `User:`; other principals go by their whole text. */
  constructor({ principal }: Identity, rules: () => SecurityRules | null, buckets: TokenBuckets) {
    this.#user = principal.replace(/^User:/, "");
    this.#rules = rules;
    this.#buckets = buckets;
  }

  /** Whether anybody has a quota. */
  get isActive(): boolean {
    return this.#rules()?.quotas.isEmpty === false;
  }

  charge(key: QuotaKey, clientId: string, amount: number): void {
    const limit = this.#limit(key, clientId);
    if (limit !== null) this.#owedMs = Math.max(this.#owedMs, this.#buckets.charge(key, limit, amount));
  }

  /** How long to wait before more of this kind may come, ms. */
  owedMs(key: QuotaKey, clientId: string): number {
    const limit = this.#limit(key, clientId);
    return limit === null ? 0 : this.#buckets.owedMs(key, limit);
  }

  /** How long the charges since the last call make the client wait, ms. */
  takeOwedMs(): number {
    const owed = this.#owedMs;
    this.#owedMs = 0;
    return owed;
  }

  #limit(key: QuotaKey, clientId: string): QuotaLimit | null {
    return this.#rules()?.quotas.limit(key, this.#user, clientId) ?? null;
  }
}
