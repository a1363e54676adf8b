// Compiles a table of fields, for one version, into closures that read it: no ranges, options or names are looked up while reading. Every
// struct reads as a plain object with all of its fields in the table's order, so that code that uses it sees one hidden class.

import { defaultOf, type Form, isCompact, isNullable, isPresent, isTagged, leastBytes } from "./field-rules.ts";
import type { FieldSpec, Fields, Literal, ScalarType } from "./fields.ts";
import { ProtocolError, within } from "./protocol-error.ts";
import type { Reader } from "./reader.ts";

type Read = (reader: Reader) => unknown;
type MutableStruct = Record<string, unknown>;

interface TaggedField {
  readonly name: string;
  readonly read: Read;
}

const NULL_STRUCT = -1;

/** Reads a message's fields, and its tagged fields where it is flexible. */
export function compileReader(fields: Fields, version: number, flexible: boolean): Read {
  return structReader(fields, { version, flexible });
}

function fieldReader(field: FieldSpec, form: Form): Read {
  if (field.type === "array") return arrayReader(field, form);
  if (field.type !== "struct") return scalarReader(field.type, isCompact(field, form), isNullable(field, form));
  const read = structReader(field.fields!, form, field.literal);
  return isNullable(field, form) ? (reader) => (reader.int8() === NULL_STRUCT ? null : read(reader)) : read;
}

function structReader(fields: Fields, form: Form, literal?: Literal<Fields>): Read {
  const reads = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, inlineReader(field, form)]));
  const readInline = literal === undefined ? objectReader(reads) : literalReader(reads, literal);
  if (!form.flexible) return readInline;
  const readTagged = taggedReader(fields, form);
  return (reader) => {
    const struct = readInline(reader) as MutableStruct;
    const count = reader.unsignedVarint();
    if (count > 0) readTagged(reader, struct, count);
    return struct;
  };
}

/** Makes an object of what `reads` read, in their order. */
function objectReader(reads: Record<string, Read>): Read {
  const names = Object.keys(reads);
  const steps = Object.values(reads);
  // Called with `new`: V8 keeps one hidden class per constructor and learns the size of its objects, which `{}` would grow in steps.
  function Struct(this: MutableStruct, reader: Reader): void {
    let i = 0;
    try {
      for (; i < steps.length; i++) this[names[i]!] = steps[i]!(reader);
    } catch (error) {
      throw within(error, names[i]!);
    }
  }
  // What comes out is a plain object, which an RPC call can carry.
  Struct.prototype = Object.prototype;
  const Constructor = Struct as unknown as new (reader: Reader) => MutableStruct;
  return (reader) => new Constructor(reader);
}

/** As objectReader, through a hot struct's literal. That cannot say which field it fails in, so a struct that fails is read once more. */
function literalReader(reads: Record<string, Read>, literal: Literal<Fields>): Read {
  const read = literal(reads);
  const readNaming = objectReader(reads);
  return (reader) => {
    const start = reader.position;
    try {
      return read(reader);
    } catch {
      reader.rewind(start);
      return readNaming(reader);
    }
  };
}

/** The reader of a field in its place among the others; a field that is not there, or is tagged, is its default. */
function inlineReader(field: FieldSpec, form: Form): Read {
  if (isPresent(field, form) && !isTagged(field)) return fieldReader(field, form);
  const value = defaultOf(field);
  return () => value;
}

/** Reads `count` tagged fields at the end of a struct; skips and drops those that the table does not know. */
function taggedReader(fields: Fields, form: Form): (reader: Reader, struct: MutableStruct, count: number) => void {
  const known = new Map<number, TaggedField>();
  for (const [name, field] of Object.entries(fields)) {
    if (isPresent(field, form) && isTagged(field)) known.set(field.options.tag!, { name, read: fieldReader(field, form) });
  }
  return (reader, struct, count) => {
    for (let i = 0; i < count; i++) {
      const field = known.get(reader.unsignedVarint());
      const size = reader.unsignedVarint();
      if (field === undefined) reader.skip(size);
      else readTagged(reader, struct, field, size);
    }
  };
}

function readTagged(reader: Reader, struct: MutableStruct, { name, read }: TaggedField, size: number): void {
  try {
    const start = reader.position;
    struct[name] = read(reader);
    const taken = reader.position - start;
    if (taken !== size) throw new ProtocolError(`a tagged field's size is ${size}, its value takes ${taken} bytes`);
  } catch (error) {
    throw within(error, name);
  }
}

function arrayReader(field: FieldSpec, form: Form): Read {
  const element = field.element!;
  const read = fieldReader(element, form);
  const elementBytes = leastBytes(element, form);
  if (elementBytes < 1) throw new RangeError("an array's elements take no bytes");
  const compact = isCompact(field, form);
  const nullable = isNullable(field, form);
  return (reader) => {
    const count = compact ? reader.compactArrayCount(elementBytes) : reader.arrayCount(elementBytes);
    if (count >= 0) return readElements(reader, read, count);
    if (nullable) return null;
    throw new ProtocolError("null is not allowed here");
  };
}

function readElements(reader: Reader, read: Read, count: number): unknown[] {
  const elements = new Array<unknown>(count);
  let i = 0;
  try {
    for (; i < count; i++) elements[i] = read(reader);
  } catch (error) {
    throw within(error, `[${i}]`);
  }
  return elements;
}

function scalarReader(type: ScalarType, compact: boolean, nullable: boolean): Read {
  switch (type) {
    case "string":
      return stringReader(compact, nullable);
    case "bytes":
    case "records":
      return bytesReader(compact, nullable);
    default:
      return FIXED_READERS[type];
  }
}

function stringReader(compact: boolean, nullable: boolean): Read {
  if (compact) return nullable ? (reader) => reader.compactNullableString() : (reader) => reader.compactString();
  return nullable ? (reader) => reader.nullableString() : (reader) => reader.string();
}

function bytesReader(compact: boolean, nullable: boolean): Read {
  if (compact) return nullable ? (reader) => reader.compactNullableBytes() : (reader) => reader.compactBytes();
  return nullable ? (reader) => reader.nullableBytes() : (reader) => reader.bytes();
}

const FIXED_READERS: Record<Exclude<ScalarType, "string" | "bytes" | "records">, Read> = {
  bool: (reader) => reader.bool(),
  int8: (reader) => reader.int8(),
  int16: (reader) => reader.int16(),
  uint16: (reader) => reader.uint16(),
  int32: (reader) => reader.int32(),
  uint32: (reader) => reader.uint32(),
  int64: (reader) => reader.int64(),
  opaqueInt64: (reader) => reader.opaqueInt64(),
  float64: (reader) => reader.float64(),
  uuid: (reader) => reader.uuid(),
};
