// Random messages that fit a table in one version: what may be encoded, and what has to be decoded from it again.

import { defaultOf, type Form, isNullable, isPresent } from "../../src/protocol/field-rules.ts";
import type { FieldSpec, Fields, ScalarType } from "../../src/protocol/fields.ts";
import type { Message } from "../../src/protocol/message.ts";
import { randomBytes } from "./random.ts";

type Random = () => number;

const TEXTS = ["", "a", "topic-1", "ä", "日本語", "🦊 and 🐇", "\ufeffmark", "\0", "x".repeat(47), "x".repeat(300), `${"x".repeat(60)}é`];

/** A message with every field of its version; fields that the version has not are as a decoder reports them. */
export function generateMessage(message: Message, version: number, random: Random): Record<string, unknown> {
  return generateStruct(message.fields, { version, flexible: message.isFlexible(version) }, random);
}

function generateStruct(fields: Fields, form: Form, random: Random): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, isPresent(field, form) ? generate(field, form, random) : defaultOf(field)]),
  );
}

function generate(field: FieldSpec, form: Form, random: Random): unknown {
  if (isNullable(field, form) && random() < 0.25) return null;
  if (random() < 0.1 && (defaultOf(field) !== null || isNullable(field, form))) return defaultOf(field);
  if (field.type === "struct") return generateStruct(field.fields!, form, random);
  if (field.type === "array") return Array.from({ length: below(4, random) }, () => generate(field.element!, form, random));
  return generateScalar(field.type, random);
}

function generateScalar(type: ScalarType, random: Random): unknown {
  switch (type) {
    case "bool":
      return random() < 0.5;
    case "int8":
      return integer(-(2 ** 7), 2 ** 7 - 1, random);
    case "int16":
      return integer(-(2 ** 15), 2 ** 15 - 1, random);
    case "uint16":
      return integer(0, 2 ** 16 - 1, random);
    case "int32":
      return integer(-(2 ** 31), 2 ** 31 - 1, random);
    case "uint32":
      return integer(0, 2 ** 32 - 1, random);
    case "int64":
      return integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, random);
    case "opaqueInt64":
      return BigInt.asIntN(64, BigInt(integer(0, 2 ** 32 - 1, random)) << 32n);
    case "float64":
      return random() * 1e9;
    case "uuid":
      return [...randomBytes(16, random)]
        .map((byte) => byte.toString(16).padStart(2, "0"))
        .join("")
        .replace(UUID_DIGITS, "$1-$2-$3-$4-$5");
    case "string":
      return TEXTS[below(TEXTS.length, random)];
    case "bytes":
    case "records":
      return randomBytes(random() < 0.1 ? 1500 : below(40, random), random);
  }
}

const UUID_DIGITS = /(.{8})(.{4})(.{4})(.{4})(.{12})/;

function below(limit: number, random: Random): number {
  return Math.floor(random() * limit);
}

/** Often at the edges, where the mistakes are. */
function integer(least: number, most: number, random: Random): number {
  const choice = random();
  if (choice < 0.1) return least;
  if (choice < 0.2) return most;
  if (choice < 0.3) return least === 0 ? 0 : -1;
  return Math.min(most, Math.max(least, Math.floor(random() * 1000)));
}
