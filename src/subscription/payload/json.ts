// format "json": {"subscription", "attempt", "records": [{topic, partition, offset, timestamp, key, value, headers}]}, bytes as in a
// fetch with encoding=auto. A record's topic, partition and offset name it for good: a receiver recognises repeats by them.

import type { DecodedRecord } from "../../record/codec.ts";
import type { JsonWriter } from "../../wasm/json-writer.ts";
import { writeRecords } from "../../wasm/record-json.ts";
import type { Delivery } from "../delivery-machine.ts";
import { type HeldRecord, isSamePlace, type RecordOrigin } from "../lane.ts";
import { type Payload, payloadOf } from "./payload.ts";

const encoder = new TextEncoder();

/** `{"topic":…,"partition":…,` of each origin: the records of a track share one. */
const placesJson = new WeakMap<RecordOrigin, Uint8Array>();

export function jsonPayload(json: JsonWriter, prefix: string, subscription: string, { records, attempts }: Delivery): Payload {
  json.begin();
  json.rawText(prefix);
  const bodyAt = json.length;
  json.rawText(`{"subscription":${JSON.stringify(subscription)},"attempt":${attempts + 1},"records":[`);
  for (let from = 0; from < records.length; ) {
    const { origin } = records[from]!;
    const end = originEnd(records, from);
    if (from > 0) json.rawText(",");
    writeRecords(json, recordsOf(records, from, end), placeJson(origin));
    from = end;
  }
  json.rawText("]}");
  return payloadOf({ "content-type": "application/json" }, json.take(), bodyAt);
}

/** Where the records that follow each other at one origin end. */
function originEnd(records: readonly HeldRecord[], from: number): number {
  let end = from + 1;
  while (end < records.length && isSamePlace(records[end]!.origin, records[from]!.origin)) end += 1;
  return end;
}

function recordsOf(held: readonly HeldRecord[], from: number, end: number): DecodedRecord[] {
  const records: DecodedRecord[] = [];
  for (let index = from; index < end; index++) records.push(held[index]!.record);
  return records;
}

function placeJson(origin: RecordOrigin): Uint8Array {
  let json = placesJson.get(origin);
  if (json === undefined) {
    json = encoder.encode(`{"topic":${JSON.stringify(origin.topic)},"partition":${origin.partition},`);
    placesJson.set(origin, json);
  }
  return json;
}
