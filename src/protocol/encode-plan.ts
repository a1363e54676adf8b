// Compiles a table of fields, for one version, into closures that write it. A field that is undefined is written as its default; one that
// the version does not have is left out, whatever its value.

import { defaultOf, type Form, isCompact, isNullable, isPresent, isTagged } from "./field-rules.ts";
import type { FieldSpec, Fields, ScalarType } from "./fields.ts";
import { EncodingError, within } from "./protocol-error.ts";
import { type Pieces, Writer } from "./writer.ts";

type Write = (writer: Writer, value: unknown) => void;
type Struct = Record<string, unknown>;

interface TaggedField {
  readonly name: string;
  readonly tag: number;
  readonly write: Write;
  readonly defaultValue: unknown;
}

const NULL_STRUCT = -1;
const SOME_STRUCT = 1;

/** Small: tagged fields hold a few numbers or the addresses of some brokers. */
const TAGGED_CHUNK_BYTES = 256;

/** Writes a message's fields, and its tagged fields where it is flexible. */
export function compileWriter(fields: Fields, version: number, flexible: boolean): Write {
  return structWriter(fields, { version, flexible });
}

function fieldWriter(field: FieldSpec, form: Form): Write {
  if (field.type === "array") return arrayWriter(field, form);
  const nullable = isNullable(field, form);
  if (field.type !== "struct") return scalarWriter(field.type, isCompact(field, form), nullable);
  const write = structWriter(field.fields!, form);
  return nullable ? nullableStructWriter(write) : write;
}

function nullableStructWriter(write: Write): Write {
  return (writer, value) => {
    writer.int8(value === null ? NULL_STRUCT : SOME_STRUCT);
    if (value !== null) write(writer, value);
  };
}

function structWriter(fields: Fields, form: Form): Write {
  const present = Object.entries(fields).filter(([, field]) => isPresent(field, form));
  const inline = present.filter(([, field]) => !isTagged(field));
  const names = inline.map(([name]) => name);
  const writes = inline.map(([, field]) => fieldWriter(field, form));
  const defaults = inline.map(([, field]) => (isOmissible(field) ? defaultOf(field) : undefined));
  const writeTagged = form.flexible ? taggedWriter(fields, form) : null;
  return (writer, value) => {
    if (typeof value !== "object" || value === null) throw new EncodingError(`${String(value)} is not a struct`);
    let i = 0;
    try {
      for (; i < names.length; i++) {
        const member = (value as Struct)[names[i]!];
        writes[i]!(writer, member === undefined ? defaults[i] : member);
      }
    } catch (error) {
      throw within(error, names[i]!);
    }
    if (writeTagged !== null) writeTagged(writer, value as Struct);
  };
}

/** The types say the same (fields.ts): what is neither versioned nor has a default must be given. */
function isOmissible({ versions, options }: FieldSpec): boolean {
  return versions !== null || options.default !== undefined;
}

/** Writes the tagged fields that differ from their default, by ascending tag: count, then for each tag, size, value. */
function taggedWriter(fields: Fields, form: Form): (writer: Writer, struct: Struct) => void {
  const tagged = Object.entries(fields)
    .filter(([, field]) => isTagged(field) && isPresent(field, form))
    .map(
      ([name, field]): TaggedField => ({ name, tag: field.options.tag!, write: fieldWriter(field, form), defaultValue: defaultOf(field) }),
    )
    .sort((a, b) => a.tag - b.tag);
  if (tagged.length === 0) return (writer) => writer.unsignedVarint(0);
  return (writer, struct) => {
    let count = 0;
    for (const field of tagged) if (isSet(struct, field)) count++;
    writer.unsignedVarint(count);
    if (count > 0) for (const field of tagged) if (isSet(struct, field)) writeTaggedField(writer, field, struct[field.name]);
  };
}

function isSet(struct: Struct, { name, defaultValue }: TaggedField): boolean {
  const value = struct[name];
  return value !== undefined && !equals(value, defaultValue);
}

function writeTaggedField(writer: Writer, { name, tag, write }: TaggedField, value: unknown): void {
  const content = new Writer(TAGGED_CHUNK_BYTES);
  try {
    write(content, value);
  } catch (error) {
    throw within(error, name);
  }
  writer.unsignedVarint(tag);
  writer.unsignedVarint(content.length);
  writer.append(content.finish());
}

/** Whether a value is a field's default: defaults are plain values, empty arrays, or structs of these. */
function equals(value: unknown, defaultValue: unknown): boolean {
  if (value === defaultValue) return true;
  if (typeof value !== "object" || typeof defaultValue !== "object" || value === null || defaultValue === null) return false;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  return Object.entries(defaultValue).every(
    ([name, member]) => (value as Struct)[name] === undefined || equals((value as Struct)[name], member),
  );
}

function arrayWriter(field: FieldSpec, form: Form): Write {
  const write = fieldWriter(field.element!, form);
  const compact = isCompact(field, form);
  const nullable = isNullable(field, form);
  return (writer, value) => {
    const elements = value as readonly unknown[] | null;
    if (!Array.isArray(elements) && !(nullable && elements === null)) throw new EncodingError(`${String(value)} is not an array`);
    if (compact) writer.unsignedVarint(elements === null ? 0 : elements.length + 1);
    else writer.int32(elements === null ? -1 : elements.length);
    if (elements !== null) writeElements(writer, write, elements);
  };
}

function writeElements(writer: Writer, write: Write, elements: readonly unknown[]): void {
  let i = 0;
  try {
    for (; i < elements.length; i++) write(writer, elements[i]);
  } catch (error) {
    throw within(error, `[${i}]`);
  }
}

function scalarWriter(type: ScalarType, compact: boolean, nullable: boolean): Write {
  switch (type) {
    case "string":
      return stringWriter(compact, nullable);
    case "bytes":
    case "records":
      return bytesWriter(compact, nullable);
    default:
      return FIXED_WRITERS[type];
  }
}

// The writer's methods check what they are given: the casts below only say which type a table promises.

function stringWriter(compact: boolean, nullable: boolean): Write {
  if (!nullable)
    return compact ? (writer, value) => writer.compactString(value as string) : (writer, value) => writer.string(value as string);
  return compact
    ? (writer, value) => writer.compactNullableString(value as string | null)
    : (writer, value) => writer.nullableString(value as string | null);
}

function bytesWriter(compact: boolean, nullable: boolean): Write {
  if (!nullable)
    return compact ? (writer, value) => writer.compactBytes(value as Pieces) : (writer, value) => writer.bytes(value as Pieces);
  return compact
    ? (writer, value) => writer.compactNullableBytes(value as Pieces | null)
    : (writer, value) => writer.nullableBytes(value as Pieces | null);
}

const FIXED_WRITERS: Record<Exclude<ScalarType, "string" | "bytes" | "records">, Write> = {
  bool: (writer, value) => writer.bool(value as boolean),
  int8: (writer, value) => writer.int8(value as number),
  int16: (writer, value) => writer.int16(value as number),
  uint16: (writer, value) => writer.uint16(value as number),
  int32: (writer, value) => writer.int32(value as number),
  uint32: (writer, value) => writer.uint32(value as number),
  int64: (writer, value) => writer.int64(value as number),
  opaqueInt64: (writer, value) => writer.opaqueInt64(value as bigint),
  float64: (writer, value) => writer.float64(value as number),
  uuid: (writer, value) => writer.uuid(value as string),
};
