// format "cloudevents": CloudEvents 1.0 in JSON (cloudevents/spec v1.0.2, json-format.md), one event in structured mode where a batch has
// one record (application/cloudevents+json), else a batch of them (application/cloudevents-batch+json).
//
// A record that is a CloudEvent in Kafka's binary mode (kafka-protocol-binding.md: ce_id, ce_source, ce_type, ce_specversion headers, the
// value its data) keeps its attributes. Any other becomes an event of type "sluice.record" whose id is topic/partition/offset and whose
// source is the partition's path. All of them carry sluicetopic, sluicepartition and sluiceoffset as extensions.

import { encodeBase64 } from "../../common/base64.ts";
import type { DecodedRecord } from "../../record/codec.ts";
import { autoJson, strictUtf8 } from "../../record/json-text.ts";
import type { SubscriptionConfig } from "../config.ts";
import type { Delivery } from "../delivery-machine.ts";
import type { RecordOrigin } from "../lane.ts";
import { type Payload, prefixed } from "./payload.ts";

const BINARY_PREFIX = "ce_";
const REQUIRED = ["id", "source", "type"] as const;
const ATTRIBUTE_NAME = /^[a-z0-9]{1,20}$/;

/** Made here, so that a header cannot say otherwise. */
const RESERVED = new Set(["specversion", "data", "datacontenttype", "sluicetopic", "sluicepartition", "sluiceoffset"]);

export function cloudEventsPayload(prefix: string, { batch }: Pick<SubscriptionConfig, "batch">, { records }: Delivery): Payload {
  const events = records.map(({ origin, record }) => eventJson(origin, record));
  const isBatch = batch.maxRecords > 1 || events.length > 1; // one that was planned before the limit was lowered stays whole
  const [type, body] = !isBatch
    ? ["application/cloudevents+json; charset=UTF-8", events[0]!]
    : ["application/cloudevents-batch+json; charset=UTF-8", `[${events.join(",")}]`];
  return prefixed(prefix, { "content-type": type }, body);
}

function eventJson(origin: RecordOrigin, record: DecodedRecord): string {
  const headers = textHeaders(record);
  const attributes = {
    specversion: "1.0",
    ...(binaryAttributes(headers) ?? ownAttributes(origin, record)),
    sluicetopic: origin.topic,
    sluicepartition: origin.partition,
    sluiceoffset: String(record.offset), // an Integer attribute has 32 bits
  };
  const data = record.value === null ? "" : dataJson(record.value, headers.get("content-type"));
  return `${JSON.stringify(attributes).slice(0, -1)}${data}}`;
}

function ownAttributes({ topic, partition }: RecordOrigin, { offset, timestamp, key }: DecodedRecord): Record<string, string> {
  const partitionKey = key === null ? undefined : strictUtf8(key);
  return {
    id: `${topic}/${partition}/${offset}`,
    source: `/v1/topics/${topic}/partitions/${partition}`,
    type: "sluice.record",
    ...(timestamp < 0 ? {} : { time: new Date(timestamp).toISOString() }),
    ...(partitionKey ? { partitionkey: partitionKey } : {}),
  };
}

/** null: the record is no CloudEvent. */
function binaryAttributes(headers: ReadonlyMap<string, string>): Record<string, string> | null {
  if (headers.get("ce_specversion") !== "1.0" || !REQUIRED.every((name) => headers.get(BINARY_PREFIX + name))) return null;
  const named = [...headers].flatMap(([name, value]): [string, string][] => {
    const attribute = name.startsWith(BINARY_PREFIX) ? name.slice(BINARY_PREFIX.length) : "";
    return ATTRIBUTE_NAME.test(attribute) && !RESERVED.has(attribute) ? [[attribute, value]] : [];
  });
  return Object.fromEntries(named);
}

/** Headers that are text, by their names in lower case; the last of a name counts. */
function textHeaders({ headers }: DecodedRecord): Map<string, string> {
  return new Map(
    headers.flatMap(({ key, value }): [string, string][] => {
      const text = value === null ? undefined : strictUtf8(value);
      return text === undefined ? [] : [[key.toLowerCase(), text]];
    }),
  );
}

/** `,"datacontenttype":…,"data":…`: JSON as JSON, text as a string, other bytes in base64. */
function dataJson(value: Uint8Array, contentType: string | undefined): string {
  const type = (fallback: string): string => `,"datacontenttype":${JSON.stringify(contentType ?? fallback)}`;
  const text = strictUtf8(value);
  if (text === undefined) return `${type("application/octet-stream")},"data_base64":"${encodeBase64(value)}"`;
  const isJsonType = contentType === undefined || /^[^;]*[/+]json\b/i.test(contentType);
  if (isJsonType && isJson(text)) return `${type("application/json")},"data":${text}`;
  return `${type("text/plain")},"data":${autoJson(value)}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // not JSON: it goes as text
  }
}
