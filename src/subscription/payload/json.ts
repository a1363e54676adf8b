// format "json": {"subscription", "attempt", "records": [{topic, partition, offset, timestamp, key, value, headers}]}, bytes as in a
// fetch with encoding=auto. A record's topic, partition and offset name it for good: a receiver recognises repeats by them.

import { autoJson, headersJson } from "../../record/json-text.ts";
import type { Delivery } from "../delivery-machine.ts";
import type { Payload } from "./payload.ts";

export function jsonPayload(subscription: string, { records, attempts }: Delivery): Payload {
  const texts = records.map(({ origin, record }) => {
    const { offset, timestamp, key, value } = record;
    const place = `"topic":${JSON.stringify(origin.topic)},"partition":${origin.partition},"offset":${offset}`;
    const bytes = `"key":${key === null ? "null" : autoJson(key)},"value":${value === null ? "null" : autoJson(value)}`;
    return `{${place},"timestamp":${timestamp},${bytes},"headers":${headersJson(record, autoJson)}}`;
  });
  const body = `{"subscription":${JSON.stringify(subscription)},"attempt":${attempts + 1},"records":[${texts.join(",")}]}`;
  return { headers: { "content-type": "application/json" }, body: new TextEncoder().encode(body) };
}
