// How the value of a config is read from its text and checked: the types and validators of Kafka's ConfigDef (parseType, Range,
// ValidString, ValidList). Text is trimmed first, as Kafka does. A value that is refused is answered with what would be allowed.

/** Kafka's names of the types, in lower case. */
export type ConfigTypeName = "boolean" | "string" | "int" | "long" | "double" | "list";

export type ParsedConfig<T> = { readonly value: T } | { readonly expected: string };

/** A type with its allowed values. */
export interface ConfigType<T> {
  readonly type: ConfigTypeName;
  parse(text: string): ParsedConfig<T>;
}

const INT32_MAX = 2 ** 31 - 1;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  /** A hole in the range. */
  readonly except?: number;
  /** Why the range is narrower than Kafka's, for the error text. */
  readonly because?: string;
}

/** A 32-bit integer. */
export function int(range: NumberRange = {}): ConfigType<number> {
  return integer("int", range, BigInt(-INT32_MAX - 1), BigInt(INT32_MAX), String(INT32_MAX));
}

/**
 * A 64-bit integer. Above 2^53-1 the value is 2^53-1: of a time in ms that is 285,000 years, of a size 9 PB, and so as endless as
 * Kafka's own "for ever", 2^63-1.
 */
export function long(range: NumberRange = {}): ConfigType<number> {
  return integer("long", range, INT64_MIN, INT64_MAX, "2^63-1");
}

function integer(type: "int" | "long", range: NumberRange, typeMin: bigint, typeMax: bigint, typeMaxText: string): ConfigType<number> {
  const min = range.min === undefined ? typeMin : BigInt(range.min);
  const max = range.max === undefined ? typeMax : BigInt(range.max);
  const bounds = `${range.min === undefined ? "at most" : `from ${min} to`} ${range.max ?? typeMaxText}`;
  const hole = range.except === undefined ? "" : ` except ${range.except}`;
  const expected = `an integer ${bounds}${hole}${range.because === undefined ? "" : ` (${range.because})`}`;
  return {
    type,
    parse(text) {
      const digits = text.trim();
      if (!/^[+-]?\d{1,19}$/.test(digits)) return { expected };
      const value = BigInt(digits.replace("+", ""));
      if (value < min || value > max) return { expected };
      const number = clampToSafeInteger(value);
      return number === range.except ? { expected } : { value: number };
    },
  };
}

function clampToSafeInteger(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) return Number.MAX_SAFE_INTEGER;
  if (value < BigInt(Number.MIN_SAFE_INTEGER)) return Number.MIN_SAFE_INTEGER;
  return Number(value);
}

export function double(min: number, max: number): ConfigType<number> {
  return {
    type: "double",
    parse(text) {
      const digits = text.trim();
      const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(digits) ? Number(digits) : Number.NaN;
      return value >= min && value <= max ? { value } : { expected: `a number from ${min} to ${max}` };
    },
  };
}

export function boolean(): ConfigType<boolean> {
  return {
    type: "boolean",
    parse(text) {
      const word = text.trim().toLowerCase();
      return word === "true" || word === "false" ? { value: word === "true" } : { expected: "true or false" };
    },
  };
}

/** One of the given words, case and all. */
export function oneOf<const T extends string>(...allowed: readonly T[]): ConfigType<T> {
  return {
    type: "string",
    parse(text) {
      const value = allowed.find((word) => word === text.trim());
      return value === undefined ? { expected: `one of ${allowed.join(", ")}` } : { value };
    },
  };
}

/** Some of the given words with commas between. No word is a list too, and one that is repeated counts once (KIP-1161). */
export function listOf<const T extends string>(...allowed: readonly T[]): ConfigType<readonly T[]> {
  const expected = `a list of ${allowed.join(", ")}`;
  return {
    type: "list",
    parse(text) {
      const words = splitList(text);
      const value = words.flatMap((word) => allowed.filter((candidate) => candidate === word));
      return value.length === words.length ? { value: [...new Set(value)] } : { expected };
    },
  };
}

/** Kafka's ThrottledReplicaListValidator: `*`, or `partition:broker` pairs. */
export function replicaList(): ConfigType<readonly string[]> {
  return {
    type: "list",
    parse(text) {
      const value = splitList(text);
      const isValid = text.trim() === "*" || value.every((replica) => /^\d+:\d+$/.test(replica));
      return isValid ? { value } : { expected: "* or a list of partition:broker pairs" };
    },
  };
}

function splitList(text: string): string[] {
  return text.trim() === "" ? [] : text.split(",").map((word) => word.trim());
}
