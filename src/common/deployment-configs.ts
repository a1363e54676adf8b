// Configs that are set once for a whole deployment, by a setting that holds a JSON object of keys and values as text. What is not set
// has its default.

import type { ConfigType } from "./config-types.ts";
import { type Failure, failure, isFailure } from "./errors.ts";

export interface DeploymentConfigKey {
  readonly type: ConfigType<number>;
  readonly defaultText: string;
  readonly doc: string;
}

export type DeploymentConfigTable = Readonly<Record<string, DeploymentConfigKey>>;

/** The value of each key, or INVALID_CONFIG with the first key or value that is refused. @param kind for people: "group" */
export function parseDeploymentConfigs<Key extends string>(
  kind: string,
  table: Readonly<Record<Key, DeploymentConfigKey>>,
  set: Readonly<Record<string, string>>,
): Readonly<Record<Key, number>> | Failure {
  const keys = Object.keys(table) as Key[];
  const unknownKey = Object.keys(set).find((key) => !Object.hasOwn(table, key));
  if (unknownKey !== undefined) {
    return failure("INVALID_CONFIG", `Unknown ${kind} config '${unknownKey.slice(0, 100)}'. The keys are ${keys.join(", ")}.`);
  }
  const values: Partial<Record<Key, number>> = {};
  for (const key of keys) {
    const parsed = table[key].type.parse(String(set[key] ?? table[key].defaultText));
    if (!("value" in parsed)) return failure("INVALID_CONFIG", `Invalid value '${set[key]}' for ${key}: it must be ${parsed.expected}.`);
    values[key] = parsed.value;
  }
  return values as Record<Key, number>;
}

/** Of a deployment: `text` is JSON, or absent for the defaults. Throws where it is not valid: it is the operator's. */
export function readDeploymentConfigs<Key extends string>(
  setting: string,
  kind: string,
  table: Readonly<Record<Key, DeploymentConfigKey>>,
  text: string | null | undefined,
): Readonly<Record<Key, number>> {
  const values = parseDeploymentConfigs(kind, table, text ? JSON.parse(text) : {});
  if (isFailure(values)) throw new Error(`${setting}: ${values.detail}`);
  return values;
}
