// What a field's table entry comes to in one version: for both plans.

import type { FieldSpec, Fields } from "./fields.ts";
import { ZERO_UUID } from "./uuid.ts";
import { hasVersion, parseVersions } from "./versions.ts";

/** One version of a message. */
export interface Form {
  readonly version: number;
  readonly flexible: boolean;
}

const EMPTY_BYTES = new Uint8Array(0);
const EMPTY_ARRAY: readonly never[] = Object.freeze([]);

export function isPresent({ versions }: FieldSpec, { version }: Form): boolean {
  return versions === null || hasVersion(parseVersions(versions), version);
}

/** Tagged fields exist only where the message is flexible, wherever else their table has them. */
export function isTagged(field: FieldSpec): boolean {
  return field.options.tag !== undefined;
}

export function isNullable({ options }: FieldSpec, { version }: Form): boolean {
  return options.nullable === true || (options.nullable !== undefined && hasVersion(parseVersions(options.nullable), version));
}

/** Whether the field itself is written in the compact form. */
export function isCompact({ options }: FieldSpec, { flexible }: Form): boolean {
  return flexible && options.flexible !== "none";
}

/** What a message without the field has. Objects are shared, and frozen. */
export function defaultOf(field: FieldSpec): unknown {
  if (field.options.default !== undefined) return field.options.default;
  switch (field.type) {
    case "bool":
      return false;
    case "opaqueInt64":
      return 0n;
    case "uuid":
      return ZERO_UUID;
    case "string":
      return "";
    case "bytes":
      return EMPTY_BYTES;
    case "records":
      return field.options.nullable === undefined ? EMPTY_BYTES : null;
    case "array":
      return EMPTY_ARRAY;
    case "struct":
      return Object.freeze(Object.fromEntries(Object.entries(field.fields!).map(([name, inner]) => [name, defaultOf(inner)])));
    default:
      return 0;
  }
}

/** The fewest bytes that a value of the field takes in this version. */
export function leastBytes(field: FieldSpec, form: Form): number {
  const compact = isCompact(field, form);
  switch (field.type) {
    case "bool":
    case "int8":
      return 1;
    case "int16":
    case "uint16":
      return 2;
    case "int32":
    case "uint32":
      return 4;
    case "int64":
    case "opaqueInt64":
    case "float64":
      return 8;
    case "uuid":
      return 16;
    case "string":
      return compact ? 1 : 2;
    case "bytes":
    case "records":
    case "array":
      return compact ? 1 : 4;
    case "struct":
      return isNullable(field, form) ? 1 : leastStructBytes(field.fields!, form);
  }
}

/** A flexible struct ends with the count of its tagged fields. */
function leastStructBytes(fields: Fields, form: Form): number {
  let least = form.flexible ? 1 : 0;
  for (const field of Object.values(fields)) {
    if (isPresent(field, form) && !isTagged(field)) least += leastBytes(field, form);
  }
  return least;
}
