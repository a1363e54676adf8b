// What keys, values and header values may be, and their bytes: the same rule as in the HTTP API's JSON (contract/produce.ts), with bytes
// as they are. A string is UTF-8, null or undefined is Kafka's null, and any other value is its JSON text.

import type { HeaderBytes } from "../record/batch-builder.ts";

/** A key or a value: bytes, text, null, or anything that has a JSON text. */
export type Data = unknown;

/** Headers in order, names may repeat; or as an object. */
export type HeadersInput = readonly { readonly key: string; readonly value?: Data }[] | Readonly<Record<string, Data>>;

const encoder = new TextEncoder();

/** @throws TypeError where a value has no JSON text (a function, a cycle, a bigint) */
export function toBytes(data: Data): Uint8Array | null {
  if (data === null || data === undefined) return null;
  if (typeof data === "string") return encoder.encode(data);
  if (data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const text = JSON.stringify(data);
  if (text === undefined) throw new TypeError(`a ${typeof data} cannot be a key or a value`);
  return encoder.encode(text);
}

const NO_HEADERS: readonly HeaderBytes[] = [];

export function toHeaders(headers: HeadersInput | undefined): readonly HeaderBytes[] {
  if (headers === undefined) return NO_HEADERS;
  const list = Array.isArray(headers) ? headers : Object.entries(headers).map(([key, value]) => ({ key, value }));
  return list.map(({ key, value }) => ({ key: encoder.encode(key), value: toBytes(value) }));
}
