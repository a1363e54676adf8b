// A table of configs whose values are numbers, set for the whole deployment as a JSON object of keys and texts.

import type { ConfigType } from "./config-types.ts";
import { type Failure, failure } from "./errors.ts";

export interface NumberConfigKey {
  readonly type: ConfigType<number>;
  readonly defaultText: string;
  readonly doc: string;
}

/** The table's values, `set` over their defaults, or INVALID_CONFIG with the first key or value that is refused. `kind`: "group". */
export function parseNumberConfigs<Key extends string>(
  kind: string,
  table: Readonly<Record<Key, NumberConfigKey>>,
  set: Readonly<Record<string, string>>,
): Readonly<Record<Key, number>> | Failure {
  const unknownKey = Object.keys(set).find((key) => !Object.hasOwn(table, key));
  if (unknownKey !== undefined) {
    const keys = Object.keys(table).join(", ");
    return failure("INVALID_CONFIG", `Unknown ${kind} config '${unknownKey.slice(0, 100)}'. The keys are ${keys}.`);
  }
  const values: Partial<Record<Key, number>> = {};
  for (const [key, { type, defaultText }] of Object.entries(table) as [Key, NumberConfigKey][]) {
    const parsed = type.parse(String(set[key] ?? defaultText));
    if (!("value" in parsed)) return failure("INVALID_CONFIG", `Invalid value '${set[key]}' for ${key}: it must be ${parsed.expected}.`);
    values[key] = parsed.value;
  }
  return values as Record<Key, number>;
}
