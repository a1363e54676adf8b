// GET …/partitions/{p}/records and POST /v1/fetch. Stored batches go out as they are; JSON and MessagePack are decoded from them here.

import type { FetchManyResult } from "../../broker/broker.ts";
import type { ReadFailure, ReadResult } from "../../broker/ports.ts";
import { type Failure, isFailure } from "../../common/errors.ts";
import { DEFAULT_FETCH_RECORDS, MAX_DECODED_BYTES } from "../../common/limits.ts";
import * as contract from "../../contract/fetch.ts";
import type { Encoding } from "../../contract/fields.ts";
import { BATCHES_TYPE, EVENT_STREAM_TYPE, MSGPACK_TYPE } from "../../contract/media-types.ts";
import type { z } from "../../contract/zod.ts";
import type { DecodedRecords, DecodeLimits, RecordCodec } from "../../record/codec.ts";
import type { JsonWriter } from "../../wasm/json-writer.ts";
import { abortedHeader, cutToHeader } from "./aborted-header.ts";
import { answer, jsonAnswer } from "./answer.ts";
import type { Call } from "./call.ts";
import { fetchStart, queryStart } from "./fetch-start.ts";
import { logOffsets, readProblem, refusal, requireResult } from "./problem.ts";
import { recordMsgpack, writeRecords } from "./record-output.ts";
import { tailEvents } from "./tail-events.ts";
import { validBody } from "./validate.ts";

type FetchQuery = z.output<(typeof contract.fetchRecords)["query"]>;
export type FetchCall = Call<z.output<(typeof contract.fetchRecords)["params"]>, FetchQuery>;

export async function fetchRecords(call: FetchCall): Promise<Response> {
  const { params, query, type } = call;
  if (type === EVENT_STREAM_TYPE) return tailEvents(call);
  // Stored batches are bounded by their bytes: a default count would cut a replay of small records short.
  const maxRecords = query.maxRecords ?? (type === BATCHES_TYPE ? undefined : DEFAULT_FETCH_RECORDS);
  const result = await call.broker.fetch({
    ...params,
    start: queryStart(query, "earliest"),
    maxBytes: query.maxBytes,
    ...(maxRecords === undefined ? {} : { maxRecords }),
    minBytes: query.minBytes,
    maxWaitMs: query.maxWaitMs,
    isolation: query.isolation,
  });
  if (isFailure(result)) throw readProblem(result);
  if (type === BATCHES_TYPE) return batchesAnswer(cutToHeader(result));
  const limits = { maxRecords: maxRecords ?? DEFAULT_FETCH_RECORDS, maxBytes: MAX_DECODED_BYTES };
  const decoded = requireResult(decode(call.parts.codec, result, limits));
  if (type === MSGPACK_TYPE) return answer(call, fetchedMsgpack(decoded, result));
  const { json } = call.parts;
  json.begin();
  json.rawText("{");
  writeFetched(json, decoded, result, query.encoding);
  return jsonAnswer(json.take());
}

function batchesAnswer(result: ReadResult): Response {
  return new Response(result.batches, {
    headers: {
      "content-type": BATCHES_TYPE,
      "x-next-offset": String(result.nextOffset),
      "x-high-watermark": String(result.highWatermark),
      "x-last-stable-offset": String(result.lastStableOffset),
      "x-log-start-offset": String(result.logStartOffset),
      "x-leader-epoch": String(result.leaderEpoch),
      ...abortedHeader(result),
    },
  });
}

function decode(codec: RecordCodec, result: ReadResult, limits: DecodeLimits): DecodedRecords | Failure {
  if (result.batches.byteLength === 0) return nothing(result.nextOffset);
  return codec.decode(new Uint8Array(result.batches), result.startOffset, limits, result.abortedTransactions);
}

/** The members of a fetch's answer, and the brace behind them. */
function writeFetched(json: JsonWriter, { records, nextOffset }: DecodedRecords, result: ReadResult, encoding: Encoding): void {
  json.rawText('"records":');
  writeRecords(json, records, encoding);
  json.rawText(`,${JSON.stringify({ nextOffset, ...logOffsets(result) }).slice(1)}`);
}

function fetchedMsgpack({ records, nextOffset }: DecodedRecords, result: ReadResult) {
  return { records: records.map(recordMsgpack), nextOffset, ...logOffsets(result) };
}

export async function fetchMany(call: Call<object, z.output<(typeof contract.fetchMany)["query"]>>): Promise<Response> {
  const body = await validBody(call.request, contract.fetchManyBody);
  const { maxRecords, partitions, ...rest } = body;
  const fetched = await call.broker.fetchMany({
    ...rest,
    partitions: partitions.map(({ topic, partition, offset, timestamp, maxBytes }) => ({
      topic,
      partition,
      start: fetchStart(offset, timestamp, "earliest"),
      ...(maxBytes === undefined ? {} : { maxBytes }),
    })),
  });
  const parts = decodeMany(call.parts.codec, fetched, maxRecords);
  if (call.type === MSGPACK_TYPE) return answer(call, { partitions: parts.map(manyMsgpack) });
  const { json } = call.parts;
  json.begin();
  for (const [index, part] of parts.entries()) {
    json.rawText(index === 0 ? '{"partitions":[' : ",");
    writePart(json, part, call.query.encoding);
  }
  json.rawText("]}");
  return jsonAnswer(json.take());
}

/** What was read of one partition. */
export interface FetchedPart {
  readonly topic: string;
  readonly partition: number;
  readonly result: ReadResult | ReadFailure;
  readonly decoded: DecodedRecords;
}

function nothing(nextOffset: number): DecodedRecords {
  return { records: [], bytes: 0, nextOffset };
}

/** Decodes in order until `maxRecords`, or as many bytes as an answer may have, are there; what comes after goes on where it was asked to start. */
export function decodeMany(codec: RecordCodec, fetched: Pick<FetchManyResult, "partitions">, maxRecords: number): FetchedPart[] {
  let left: DecodeLimits = { maxRecords, maxBytes: MAX_DECODED_BYTES };
  return fetched.partitions.map(({ topic, partition, result }) => {
    if (isFailure(result)) return { topic, partition, result, decoded: nothing(0) };
    const isFull = left.maxRecords <= 0 || left.maxBytes <= 0;
    const decoded = isFull ? nothing(result.startOffset) : decode(codec, result, left);
    if (isFailure(decoded)) return { topic, partition, result: decoded, decoded: nothing(0) };
    left = { maxRecords: left.maxRecords - decoded.records.length, maxBytes: left.maxBytes - decoded.bytes };
    return { topic, partition, result, decoded };
  });
}

function writePart(json: JsonWriter, { topic, partition, result, decoded }: FetchedPart, encoding: Encoding): void {
  if (isFailure(result)) {
    json.rawText(JSON.stringify(failedPart(topic, partition, result)));
    return;
  }
  json.rawText(`${JSON.stringify({ topic, partition }).slice(0, -1)},`);
  writeFetched(json, decoded, result, encoding);
}

function manyMsgpack({ topic, partition, result, decoded }: FetchedPart): object {
  return isFailure(result) ? failedPart(topic, partition, result) : { topic, partition, ...fetchedMsgpack(decoded, result) };
}

function failedPart(topic: string, partition: number, failed: ReadFailure): object {
  return { topic, partition, ...refusal(failed), ...(failed.offsets === undefined ? {} : logOffsets(failed.offsets)) };
}
