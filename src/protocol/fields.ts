// The words that the message tables are written in. A table is an object: its keys are the fields' names in the order of the wire, its
// values say what each field is:
//
//   acks: int16()                                in every version of the message
//   transactionalId: string("3+", { … })         in versions 3 and up
//   topics: array({ name: string(), … })         of structs, whose fields follow
//   partitions: array(int32(), "1-4")            of plain values
//   cursor: struct({ … }, { nullable: true })
//
// A field that a version does not have reads as its default and is left out when it is written. The types of a decoded message and of one
// to be encoded follow from its table.

import type { Reader } from "./reader.ts";
import type { Pieces } from "./writer.ts";

export type ScalarType =
  | "bool"
  | "int8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "opaqueInt64"
  | "float64"
  | "uuid"
  | "string"
  | "bytes"
  | "records";

export interface FieldOptions<Value = unknown> {
  /** In which versions a null is allowed; `true`: wherever the field is. */
  readonly nullable?: true | string;
  /** What a message without the field has. Otherwise it is 0, false, an empty value, or a struct of defaults. */
  readonly default?: Value | null;
  /** The field is among the tagged fields, which are sent only where they differ from the default. */
  readonly tag?: number;
  /** "none": written as in versions that are not flexible, in all of them. */
  readonly flexible?: "none";
}

/** A field as data, for the plans (decode-plan.ts, encode-plan.ts). */
export interface FieldSpec {
  readonly type: ScalarType | "array" | "struct";
  /** `null`: every version of the message. */
  readonly versions: string | null;
  readonly options: FieldOptions;
  /** Of a struct. */
  readonly fields: Fields | null;
  /** Of an array. */
  readonly element: FieldSpec | null;
  /** Of a hot struct. */
  readonly literal?: Literal<Fields>;
}

/** A field with the types of its value. `Omissible`: it may be left out of a message that is encoded. */
export interface Field<Decoded = unknown, Encodable = unknown, Omissible extends boolean = boolean> extends FieldSpec {
  /** Types only; never set. */
  readonly "~types"?: { readonly decoded: Decoded; readonly encodable: Encodable; readonly omissible: Omissible };
}

/** The fields of a message or a struct, by name, in the order of the wire. */
export interface Fields {
  readonly [name: string]: Field;
}

type TypesOf<F extends Field> = NonNullable<F["~types"]>;

/** What a struct with these fields reads as: every field is there, whatever the version. */
export type DecodedStruct<F extends Fields> = { readonly [K in keyof F]: TypesOf<F[K]>["decoded"] };

type OmissibleKeys<F extends Fields> = { [K in keyof F]: TypesOf<F[K]>["omissible"] extends true ? K : never }[keyof F];

/** What a struct with these fields is written from. Fields that have a default, or that not every version has, may be left out. */
export type EncodableStruct<F extends Fields> = {
  readonly [K in Exclude<keyof F, OmissibleKeys<F>>]: TypesOf<F[K]>["encodable"];
} & {
  readonly [K in OmissibleKeys<F>]?: TypesOf<F[K]>["encodable"] | undefined;
};

/** Makes the reader of a struct from the readers of its fields. */
export type Literal<F extends Fields> = (
  read: {
    readonly [K in keyof F]: (reader: Reader) => TypesOf<F[K]>["decoded"];
  },
) => (reader: Reader) => DecodedStruct<F>;

type Nullable<Value, O> = O extends { nullable: true | string } ? Value | null : Value;
type IsOmissible<O> = O extends { default: unknown } | { tag: number } ? true : false;

interface ScalarField<Decoded, Encodable> {
  (): Field<Decoded, Encodable, false>;
  (versions: string): Field<Decoded, Encodable, true>;
  <const O extends FieldOptions<Decoded>>(options: O): Field<Nullable<Decoded, O>, Nullable<Encodable, O>, IsOmissible<O>>;
  <const O extends FieldOptions<Decoded>>(versions: string, options: O): Field<Nullable<Decoded, O>, Nullable<Encodable, O>, true>;
}

/** Tells the two optional arguments of all field functions apart. */
function place(first: string | FieldOptions | undefined, second: FieldOptions | undefined): Pick<FieldSpec, "versions" | "options"> {
  return typeof first === "string" ? { versions: first, options: second ?? {} } : { versions: null, options: first ?? {} };
}

function scalar<Decoded, Encodable = Decoded>(type: ScalarType): ScalarField<Decoded, Encodable> {
  return (first?: string | FieldOptions, second?: FieldOptions): Field<never, never, never> => ({
    type,
    ...place(first, second),
    fields: null,
    element: null,
  });
}

export const bool = scalar<boolean>("bool");
export const int8 = scalar<number>("int8");
export const int16 = scalar<number>("int16");
export const uint16 = scalar<number>("uint16");
export const int32 = scalar<number>("int32");
export const uint32 = scalar<number>("uint32");
/** Within 2^53 - 1: a message with a larger number is refused. */
export const int64 = scalar<number>("int64");
/** Any 64 bits, where a client may send what it likes and nothing is calculated from it. */
export const opaqueInt64 = scalar<bigint>("opaqueInt64");
export const float64 = scalar<number>("float64");
export const uuid = scalar<string>("uuid");
export const string = scalar<string>("string");
/** A view of the message that it was read from. */
export const bytes = scalar<Uint8Array, Pieces>("bytes");
/** Record batches; on the wire the same as bytes. */
export const records = scalar<Uint8Array, Pieces>("records");

/** A struct in its place. */
export function struct<F extends Fields>(fields: F): Field<DecodedStruct<F>, EncodableStruct<F>, false>;
export function struct<F extends Fields>(fields: F, versions: string): Field<DecodedStruct<F>, EncodableStruct<F>, true>;
export function struct<F extends Fields, const O extends FieldOptions<null>>(
  fields: F,
  options: O,
): Field<Nullable<DecodedStruct<F>, O>, Nullable<EncodableStruct<F>, O>, IsOmissible<O>>;
export function struct<F extends Fields, const O extends FieldOptions<null>>(
  fields: F,
  versions: string,
  options: O,
): Field<Nullable<DecodedStruct<F>, O>, Nullable<EncodableStruct<F>, O>, true>;
export function struct(fields: Fields, first?: string | FieldOptions, second?: FieldOptions): Field<never, never, never> {
  return { type: "struct", ...place(first, second), fields, element: null };
}

/**
 * A struct of which a request can have thousands. `literal` writes it out once more as an object literal, with the fields in the table's
 * order: V8 makes a literal's hidden class at once, but adds properties whose names come from a table one at a time
 * (bench/core/protocol.bench.ts has both).
 */
export function hotStruct<F extends Fields>(fields: F, literal: Literal<F>): Field<DecodedStruct<F>, EncodableStruct<F>, false> {
  return { type: "struct", versions: null, options: {}, fields, element: null, literal: literal as unknown as Literal<Fields> };
}

type DecodedElements<E> = E extends Field ? readonly TypesOf<E>["decoded"][] : E extends Fields ? readonly DecodedStruct<E>[] : never;
type EncodableElements<E> = E extends Field ? readonly TypesOf<E>["encodable"][] : E extends Fields ? readonly EncodableStruct<E>[] : never;

/** An array, of structs with these fields or of plain values. */
export function array<E extends Field | Fields>(of: E): Field<DecodedElements<E>, EncodableElements<E>, false>;
export function array<E extends Field | Fields>(of: E, versions: string): Field<DecodedElements<E>, EncodableElements<E>, true>;
export function array<E extends Field | Fields, const O extends FieldOptions<null>>(
  of: E,
  options: O,
): Field<Nullable<DecodedElements<E>, O>, Nullable<EncodableElements<E>, O>, IsOmissible<O>>;
export function array<E extends Field | Fields, const O extends FieldOptions<null>>(
  of: E,
  versions: string,
  options: O,
): Field<Nullable<DecodedElements<E>, O>, Nullable<EncodableElements<E>, O>, true>;
export function array(of: Field | Fields, first?: string | FieldOptions, second?: FieldOptions): Field<never, never, never> {
  const element = isField(of) ? of : struct(of);
  return { type: "array", ...place(first, second), fields: null, element };
}

/** A field's type is a word; a struct's field named `type` is a field. */
function isField(value: Field | Fields): value is Field {
  return typeof value.type === "string";
}
