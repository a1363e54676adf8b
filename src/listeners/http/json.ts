// JSON in and out without loss. JSON.parse turns a number that a double cannot hold into another one; a broker must store what it was
// given, so such numbers are kept as their text (JSON.rawJSON), which JSON.stringify writes back as it was.

import { encodeBase64 } from "../../common/base64.ts";
import { refuse } from "./problem.ts";

declare global {
  interface JSON {
    rawJSON(text: string): object;
  }
}

/** A number that a double may not hold has 16 digits or more, or an exponent of three. */
const LONG_NUMBER = /\d{16}|[eE]\+?\d{3}/;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** The JSON value of a body. Throws 400 where it is none. */
export function parseJsonBody(bytes: Uint8Array): unknown {
  try {
    return parseJson(UTF8.decode(bytes));
  } catch (error) {
    throw refuse("INVALID_REQUEST", `The body is not JSON: ${describeJsonError(error)}.`);
  }
}

/** As JSON.parse, keeping every digit. Throws SyntaxError, or RangeError where the text is nested too deeply. */
export function parseJson(text: string): unknown {
  return LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits as Reviver) : JSON.parse(text);
}

type Reviver = (key: string, value: unknown) => unknown;

function keepDigits(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  const { source } = context;
  if (typeof value !== "number" || source === undefined || !LONG_NUMBER.test(source) || String(value) === source) return value;
  return JSON.rawJSON(source);
}

/** What was wrong, without quoting the body: it may hold secrets. */
export function describeJsonError(error: unknown): string {
  if (error instanceof RangeError) return "it is nested too deeply";
  if (error instanceof SyntaxError) return error.message.replace(/, ?"?\.{0,3}.*is not valid JSON.*$/s, "").replace(/ in JSON/, "");
  return "it is not UTF-8";
}

/** The JSON text of a value from parseJson. Throws RangeError where it is nested too deeply. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value);
}

/**
 * The JSON text of a value from MessagePack: large integers keep their digits, bytes become {"base64": …}. Throws TypeError on NaN and
 * infinities.
 */
export function jsonTextOfMsgpack(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === "bigint") return JSON.rawJSON(String(inner));
    if (typeof inner === "number" && !Number.isFinite(inner)) throw new TypeError(`${inner} has no JSON text`);
    if (inner instanceof Uint8Array) return { base64: encodeBase64(inner) };
    return inner;
  });
}
