// Records as consumers give them, and what they are named by.

import { decodeBase64 } from "../../common/base64.ts";
import type { DecodedRecord } from "../../record/codec.ts";

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface ConsumerRecord extends DecodedRecord, TopicPartition {}

/** Where a partition goes on: the next offset to read. */
export interface Position extends TopicPartition {
  readonly offset: number;
}

const decoder = new TextDecoder();

/** Bytes as text; null stays null. */
export function asText(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : decoder.decode(bytes);
}

/** Bytes as the value of their JSON text; null stays null. @throws SyntaxError where they are not JSON */
export function asJson<Value = unknown>(bytes: Uint8Array | null): Value | null {
  return bytes === null ? null : (JSON.parse(decoder.decode(bytes)) as Value);
}

export function placeKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`; // a topic's name has no slash
}

type JsonBytes = { readonly base64: string } | null;

/** A record of an answer with `encoding=base64`. */
export interface JsonRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: JsonBytes;
  readonly value: JsonBytes;
  readonly headers: readonly { readonly key: string; readonly value: JsonBytes }[];
}

/** The encoding that JsonRecord is an answer to. */
export const JSON_BYTES = "base64";

export function fromJson({ offset, timestamp, key, value, headers }: JsonRecord): DecodedRecord {
  const decoded = headers.map((header) => ({ key: header.key, value: bytesOf(header.value) }));
  return { offset, timestamp, key: bytesOf(key), value: bytesOf(value), headers: decoded };
}

function bytesOf(json: JsonBytes): Uint8Array | null {
  if (json === null) return null;
  const bytes = decodeBase64(json.base64);
  if (bytes === null) throw new SyntaxError("the broker's base64 cannot be read");
  return bytes;
}
