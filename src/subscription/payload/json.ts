// format "json": {"subscription", "attempt", "records": [{topic, partition, offset, timestamp, key, value, headers}]}, bytes as in a
// fetch with encoding=auto. A record's topic, partition and offset name it for good: a receiver recognises repeats by them.

import type { JsonWriter } from "../../wasm/json-writer.ts";
import { writeAuto, writeRecord } from "../../wasm/record-json.ts";
import type { Delivery } from "../delivery-machine.ts";
import type { RecordOrigin } from "../lane.ts";
import type { Payload } from "./payload.ts";

export function jsonPayload(json: JsonWriter, subscription: string, { records, attempts }: Delivery): Payload {
  json.begin();
  json.rawText(`{"subscription":${JSON.stringify(subscription)},"attempt":${attempts + 1},"records":[`);
  let place: Place = { origin: records[0]!.origin, json: placeJson(records[0]!.origin) };
  for (let i = 0; i < records.length; i++) {
    const { origin, record } = records[i]!;
    if (!isSame(origin, place.origin)) place = { origin, json: placeJson(origin) };
    if (i > 0) json.rawText(",");
    json.raw(place.json);
    writeRecord(json, record, writeAuto);
    json.rawText("}");
  }
  json.rawText("]}");
  return { headers: { "content-type": "application/json" }, body: json.take() };
}

/** Records of one place follow each other: what names it is made once. */
interface Place {
  readonly origin: RecordOrigin;
  readonly json: Uint8Array;
}

function placeJson({ topic, partition }: RecordOrigin): Uint8Array {
  return new TextEncoder().encode(`{"topic":${JSON.stringify(topic)},"partition":${partition},`);
}

function isSame(one: RecordOrigin, other: RecordOrigin): boolean {
  return one === other || (one.topic === other.topic && one.partition === other.partition);
}
