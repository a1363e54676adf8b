// Every table against Kafka's own description of the message: each field, in each version.

import { describe, expect, test } from "vitest";
import { defaultOf, isCompact, isNullable, isPresent } from "../../../src/protocol/field-rules.ts";
import type { FieldSpec, Fields } from "../../../src/protocol/fields.ts";
import { hasVersion } from "../../../src/protocol/versions.ts";
import {
  DESCRIPTIONS,
  type DescribedField,
  type Description,
  describedVersions,
  innerFields,
  isDescribed,
  NEWER_FIELDS,
  readDescription,
} from "./kafka-descriptions.ts";
import { DESCRIBED_APIS, DESCRIBED_MESSAGES, versionsOf } from "./messages.ts";

if (DESCRIPTIONS === null)
  console.warn("SKIPPED: no ../shared/kafka-messages beside the clone, so no table is compared with Kafka's descriptions");

describe.skipIf(DESCRIPTIONS === null)("the tables are Kafka's", () => {
  test.for(DESCRIBED_MESSAGES.map((message) => [message.name, message] as const))("%s", ([, message]) => {
    const description = readDescription(message.name);
    for (const version of versionsOf(message)) {
      const flexible = isDescribed(description.flexibleVersions, version);
      expect(message.isFlexible(version), `flexible in version ${version}`).toBe(flexible);
      const ours = ourFields(message.name, message.fields, { version, flexible });
      expect(ours, `version ${version}`).toEqual(describedFields(message.name, description, description.fields, { version, flexible }));
    }
  });

  test.for(DESCRIBED_APIS.map((api) => [api.name, api] as const))("%s has Kafka's key", ([name, { key, request, response }]) => {
    expect(readDescription(request.name)).toMatchObject({ apiKey: key, name: `${name}Request` });
    expect(readDescription(response.name)).toMatchObject({ apiKey: key, name: `${name}Response` });
  });
});

test("fields that are newer than the descriptions are listed as such", () => {
  const newer = DESCRIBED_MESSAGES.flatMap(({ name, fields }) => versionsByPath(name, fields)).filter(([path]) => isNewer(path));
  expect(Object.fromEntries(newer)).toEqual(NEWER_FIELDS);
});

function versionsByPath(parent: string, fields: Fields): [path: string, versions: string | null][] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const path = `${parent}.${name}`;
    return [[path, field.versions], ...versionsByPath(path, field.fields ?? field.element?.fields ?? {})];
  });
}

/** One field in one version, in words that both sides can be put into. */
interface Fact {
  readonly path: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly compact: boolean;
  readonly tag: number | null;
  /** As text; that of a struct follows from its fields. */
  readonly default: string | null;
}

interface Form {
  readonly version: number;
  readonly flexible: boolean;
}

function ourFields(parent: string, fields: Fields, form: Form): Fact[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const path = `${parent}.${name}`;
    if (!isPresent(field, form) || isNewer(path)) return [];
    const inner = field.fields ?? field.element?.fields ?? null;
    const fact = {
      path,
      type: ourType(field),
      nullable: isNullable(field, form),
      compact: isCompact(field, form),
      tag: field.options.tag ?? null,
      default: inner === null || defaultOf(field) === null ? defaultText(defaultOf(field)) : null,
    };
    return [fact, ...(inner === null ? [] : ourFields(path, inner, form))];
  });
}

function ourType(field: FieldSpec): string {
  if (field.type === "array") return `[]${ourType(field.element!)}`;
  return field.type === "opaqueInt64" ? "int64" : field.type;
}

function describedFields(parent: string, description: Description, fields: readonly DescribedField[], form: Form): Fact[] {
  return fields.flatMap((field) => {
    const path = `${parent}.${field.name[0]!.toLowerCase()}${field.name.slice(1)}`;
    if (!hasVersion(describedVersions(path, field), form.version)) return [];
    const inner = innerFields(description, field);
    const tagged = isDescribed(field.taggedVersions, form.version);
    const fact = {
      path,
      type: inner === null ? field.type : field.type.replace(/[A-Z].*/, "struct"),
      nullable: isDescribed(field.nullableVersions, form.version),
      compact: form.flexible && field.flexibleVersions !== "none",
      tag: tagged ? field.tag! : null,
      default: inner === null || field.default === "null" ? defaultText(describedDefault(field)) : null,
    };
    return [fact, ...(inner === null ? [] : describedFields(path, description, inner, form))];
  });
}

function describedDefault({ default: value, type, nullableVersions }: DescribedField): unknown {
  if (value === "null") return null;
  if (value !== undefined)
    return type === "string" ? value : /^(true|false)$/.test(String(value)) ? String(value) === "true" : Number(value);
  if (type === "string" || type === "bytes" || type.startsWith("[]")) return "";
  if (type === "records") return nullableVersions === undefined ? "" : null;
  if (type === "bool") return false;
  return type === "uuid" ? "00000000-0000-0000-0000-000000000000" : 0;
}

/** Empty arrays and bytes have the text of an empty string. */
function defaultText(value: unknown): string | null {
  return value === null ? null : String(value);
}

function isNewer(path: string): boolean {
  return path in NEWER_FIELDS;
}
