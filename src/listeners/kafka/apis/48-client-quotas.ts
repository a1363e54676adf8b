// DescribeClientQuotas (key 48) and AlterClientQuotas (49), versions 0-1 (KIP-546). Each entry is altered on its own. Not here: quotas of
// IP addresses, and request_percentage (src/security/client-quota.ts).

import { type Failure, failure, isFailure } from "../../../common/errors.ts";
import { API } from "../../../protocol/api-keys.ts";
import type { DecodedOf } from "../../../protocol/message.ts";
import type { ClientQuota, QuotaChange, QuotaEntity } from "../../../security/client-quota.ts";
import { serve } from "../call.ts";
import { adminOf, outcome } from "./29-acls.ts";

type Component = DecodedOf<typeof API.describeClientQuotas.request>["components"][number];
type AlterEntry = DecodedOf<typeof API.alterClientQuotas.request>["entries"][number];
type EntityPart = AlterEntry["entity"][number];

/** Kafka's names of the parts of an entity. */
const FIELD_OF: Readonly<Record<string, keyof QuotaEntity>> = { user: "user", "client-id": "clientId" };

/** Kafka's DescribeClientQuotasRequest.MATCH_TYPE_…: the name, the default, any name. */
const EXACT = 0;
const DEFAULT = 1;
const SPECIFIED = 2;

export const describeClientQuotas = serve(API.describeClientQuotas, { min: 0, max: 1 }, async (call) => {
  const { components, strict } = call.request;
  const quotas = checkComponents(components) ?? (await adminOf(call).quotas());
  if (isFailure(quotas)) return { throttleTimeMs: 0, ...outcome(quotas), entries: null };
  const entries = quotas.filter(({ entity }) => matches(entity, components, strict)).map(describe);
  return { throttleTimeMs: 0, ...outcome(null), entries };
});

export const alterClientQuotas = serve(API.alterClientQuotas, { min: 0, max: 1 }, async (call) => {
  const { entries, validateOnly } = call.request;
  const changes = entries.map(readChange);
  const altered = await adminOf(call).alterQuotas(
    changes.filter((change): change is QuotaChange => !isFailure(change)),
    validateOnly,
  );
  const results = isFailure(altered) ? null : altered.values();
  return {
    throttleTimeMs: 0,
    entries: changes.map((change, index) => {
      const refused = isFailure(altered) ? altered : isFailure(change) ? change : (results!.next().value ?? null);
      return { ...outcome(refused), entity: entries[index]!.entity };
    }),
  };
});

function readChange({ entity, ops }: AlterEntry): QuotaChange | Failure {
  const read = readEntity(entity);
  if (isFailure(read)) return read;
  return { entity: read, values: Object.fromEntries(ops.map(({ key, value, remove }) => [key, remove ? null : value])) };
}

function readEntity(parts: readonly EntityPart[]): QuotaEntity | Failure {
  const entity: { user?: string | null; clientId?: string | null } = {};
  for (const { entityType, entityName } of parts) {
    const field = FIELD_OF[entityType];
    if (field === undefined) return unknownType(entityType);
    if (entity[field] !== undefined) return failure("INVALID_REQUEST", `a quota's entity names '${entityType}' twice`);
    entity[field] = entityName;
  }
  return entity;
}

function checkComponents(components: readonly Component[]): Failure | null {
  for (const { entityType, matchType, match } of components) {
    if (FIELD_OF[entityType] === undefined) return unknownType(entityType);
    if (matchType < EXACT || matchType > SPECIFIED) return failure("INVALID_REQUEST", `there is no match type ${matchType}`);
    if ((matchType === EXACT) !== (match !== null)) return failure("INVALID_REQUEST", "a name goes with an exact match, and with no other");
  }
  if (new Set(components.map(({ entityType }) => entityType)).size === components.length) return null;
  return failure("INVALID_REQUEST", "the same type of entity is named twice");
}

/** @param isStrict an entity has nothing beside what is asked for */
function matches(entity: QuotaEntity, components: readonly Component[], isStrict: boolean): boolean {
  const fits = components.every(({ entityType, matchType, match }) => {
    const name = entity[FIELD_OF[entityType]!];
    if (name === undefined) return false;
    return matchType === EXACT ? name === match : matchType === DEFAULT ? name === null : true;
  });
  return fits && (!isStrict || Object.keys(entity).length === components.length);
}

function describe({ entity, values }: ClientQuota) {
  const parts = Object.entries(FIELD_OF).flatMap(([entityType, field]) => {
    const entityName = entity[field];
    return entityName === undefined ? [] : [{ entityType, entityName }];
  });
  return { entity: parts, values: Object.entries(values).map(([key, value]) => ({ key, value })) };
}

function unknownType(entityType: string): Failure {
  return failure("INVALID_REQUEST", `there are no quotas of the type '${entityType.slice(0, 100)}', but of user and client-id`);
}
