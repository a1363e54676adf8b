// How fast clients may be (KIP-13, KIP-546): which quotas there can be, and which of them is a client's. A quota stands for an entity: a
// user, a client id, or both, where a default stands for every name that has no quota of its own. Of all that fit a client the first
// counts, in Kafka's order (ClientQuotaManager):
//
//   user + client id, user + default client id, user, default user + client id, default user + default client id, default user,
//   client id, default client id
//
// `request_percentage` has no meaning where nobody counts threads; `request_rate` (requests a second) stands in for it.

import { type Failure, failure } from "../common/errors.ts";
import { MAX_PRINCIPAL_LENGTH } from "../common/limits/security.ts";
import { QUOTA_KEYS, type QuotaKey } from "../common/security-words.ts";

/** null is the default of its kind; absent: whichever it is. */
export interface QuotaEntity {
  readonly user?: string | null;
  readonly clientId?: string | null;
}

export interface ClientQuota {
  readonly entity: QuotaEntity;
  readonly values: Readonly<Partial<Record<QuotaKey, number>>>;
}

/** A change of one entity's quotas: null takes one away. */
export interface QuotaChange {
  readonly entity: QuotaEntity;
  readonly values: Readonly<Record<string, number | null>>;
}

/** Why there can be no such change, or null. */
export function checkQuotaChange({ entity, values }: QuotaChange): Failure | null {
  const refuse = (detail: string) => failure("INVALID_REQUEST", detail);
  const names = [entity.user, entity.clientId];
  if (names.every((name) => name === undefined)) return refuse("a quota is for a user, a client id, or both");
  if (names.includes("")) return refuse("the name of a quota's entity is empty");
  if (names.some((name) => (name?.length ?? 0) > MAX_PRINCIPAL_LENGTH)) {
    return refuse(`the name of a quota's entity is longer than ${MAX_PRINCIPAL_LENGTH} characters`);
  }
  for (const [key, value] of Object.entries(values)) {
    if (key === "request_percentage") return refuse("request_percentage is not supported: use request_rate, in requests a second");
    if (!isQuotaKey(key)) return refuse(`there is no quota '${key.slice(0, 100)}', but ${QUOTA_KEYS.join(", ")}`);
    if (value !== null && !(value > 0 && Number.isFinite(value))) return refuse(`${key} must be above 0, not ${value}`);
  }
  return null;
}

function isQuotaKey(key: string): key is QuotaKey {
  return (QUOTA_KEYS as readonly string[]).includes(key);
}

/** The same text for the same entity, and for no other. */
export function entityKey({ user, clientId }: QuotaEntity): string {
  return JSON.stringify([user === undefined ? 0 : user, clientId === undefined ? 0 : clientId]);
}

/** A limit that a client shares with all who have the same entity. */
export interface QuotaLimit {
  /** Names the entity. */
  readonly entityKey: string;
  /** A second. */
  readonly rate: number;
}

export class QuotaIndex {
  readonly #byEntity: ReadonlyMap<string, ClientQuota>;

  constructor(quotas: readonly ClientQuota[]) {
    this.#byEntity = new Map(quotas.map((quota) => [entityKey(quota.entity), quota]));
  }

  get isEmpty(): boolean {
    return this.#byEntity.size === 0;
  }

  limit(key: QuotaKey, user: string, clientId: string): QuotaLimit | null {
    for (const entity of entitiesOf(user, clientId)) {
      const name = entityKey(entity);
      const rate = this.#byEntity.get(name)?.values[key];
      // A default stands for each name apart: two clients that fall under it do not share it.
      if (rate !== undefined) return { entityKey: entityKey(named(entity, user, clientId)), rate };
    }
    return null;
  }
}

function entitiesOf(user: string, clientId: string): readonly QuotaEntity[] {
  const pairs = [user, null].flatMap((one) => [{ user: one, clientId }, { user: one, clientId: null }, { user: one }]);
  return [...pairs, { clientId }, { clientId: null }];
}

function named(entity: QuotaEntity, user: string, clientId: string): QuotaEntity {
  return { ...(entity.user !== undefined && { user }), ...(entity.clientId !== undefined && { clientId }) };
}
