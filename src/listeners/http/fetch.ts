// GET …/partitions/{p}/records and POST /v1/fetch. Stored batches go out as they are; JSON and MessagePack are decoded from them here.

import type { AnswerRoom } from "../../broker/answer-room.ts";
import type { FetchManyResult } from "../../broker/messages/fetch.ts";
import type { LogOffsets, ReadFailure, ReadResult } from "../../broker/ports.ts";
import { type Failure, isFailure } from "../../common/errors.ts";
import { DEFAULT_FETCH_RECORDS, MAX_DECODED_BYTES } from "../../common/limits/fetch.ts";
import * as contract from "../../contract/fetch.ts";
import type { Encoding } from "../../contract/fields.ts";
import { BATCHES_TYPE, EVENT_STREAM_TYPE, MSGPACK_TYPE } from "../../contract/media-types.ts";
import type { z } from "../../contract/zod.ts";
import type { DecodedRecords, DecodeLimits, RecordCodec } from "../../record/codec.ts";
import type { JsonWriter } from "../../wasm/json-writer.ts";
import { abortedHeader, cutToHeader } from "./aborted-header.ts";
import { jsonAnswer } from "./answer.ts";
import { bodyOf, bufferPieces, jsonPieces, withRoom } from "./answer-body.ts";
import type { Call } from "./call.ts";
import { fetchStart, queryStart } from "./fetch-start.ts";
import { encodeMsgpack } from "./msgpack.ts";
import { logOffsets, ProblemError, readProblem, refusal, requireResult } from "./problem.ts";
import { recordMsgpack, writeInRuns } from "./record-output.ts";
import { tailEvents } from "./tail-events.ts";
import { validBody } from "./validate.ts";

type FetchQuery = z.output<(typeof contract.fetchRecords)["query"]>;
export type FetchCall = Call<z.output<(typeof contract.fetchRecords)["params"]>, FetchQuery>;

export async function fetchRecords(call: FetchCall): Promise<Response> {
  if (call.type === EVENT_STREAM_TYPE) return tailEvents(call);
  return withRoom(call, (room) => fetchInto(call, room));
}

async function fetchInto(call: FetchCall, room: AnswerRoom): Promise<Response> {
  const { params, query, type } = call;
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
    room,
  });
  if (isFailure(result)) throw readProblem(result);
  if (type === BATCHES_TYPE) return batchesAnswer(call.request, cutToHeader(result), room);
  const limits = { maxRecords: maxRecords ?? DEFAULT_FETCH_RECORDS, maxBytes: room.shareOf(MAX_DECODED_BYTES) };
  const decoded = requireResult(decode(call.parts.codec, result, limits));
  holdDecoded(room, [decoded]);
  if (type === MSGPACK_TYPE) return msgpackAnswer(call.request, fetchedMsgpack(decoded, result), room);
  const writing = writeFetched(call.parts.json, "{", decoded, logOffsets(result), query.encoding);
  return jsonAnswer(bodyOf(call.request, room, jsonPieces(call.parts.json, writing)));
}

/** Counts what an answer holds until it has left: the batches, or what was unpacked of them, and each record's place. */
function holdDecoded(room: AnswerRoom, parts: readonly DecodedRecords[]): void {
  const unpackedBytes = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const count = parts.reduce((sum, { records }) => sum + records.length, 0);
  if (count > 0) room.hold(Math.max(room.heldBytes, unpackedBytes) + count * RECORD_PLACE_BYTES);
}

/** An entry of the core's table, and the object that names it. */
const RECORD_PLACE_BYTES = 100;

export function msgpackAnswer(request: Request, body: unknown, room: AnswerRoom): Response {
  const bytes = encodeMsgpack(body);
  room.hold(bytes.length);
  return new Response(bodyOf(request, room, bufferPieces(bytes)), { headers: { "content-type": MSGPACK_TYPE } });
}

function batchesAnswer(request: Request, result: ReadResult, room: AnswerRoom): Response {
  return new Response(bodyOf(request, room, bufferPieces(new Uint8Array(result.batches))), {
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

/** What opens a fetch's answer, its members, and the brace behind them. Yields where a piece may end. It outlives the batches. */
function* writeFetched(
  json: JsonWriter,
  open: string,
  { records, nextOffset }: DecodedRecords,
  offsets: LogOffsets,
  encoding: Encoding,
): Generator<void> {
  json.rawText(`${open}"records":[`);
  yield* writeInRuns(json, records, encoding);
  json.rawText(`],${JSON.stringify({ nextOffset, ...offsets }).slice(1)}`);
}

function fetchedMsgpack({ records, nextOffset }: DecodedRecords, result: ReadResult) {
  return { records: records.map(recordMsgpack), nextOffset, ...logOffsets(result) };
}

type FetchManyCall = Call<object, z.output<(typeof contract.fetchMany)["query"]>>;

export async function fetchMany(call: FetchManyCall): Promise<Response> {
  const body = await validBody(call.request, contract.fetchManyBody);
  return withRoom(call, (room) => fetchManyInto(call, body, room));
}

async function fetchManyInto(call: FetchManyCall, body: z.output<typeof contract.fetchManyBody>, room: AnswerRoom): Promise<Response> {
  const { maxRecords, partitions, ...rest } = body;
  const fetched = await call.broker.fetchMany({
    ...rest,
    partitions: partitions.map(({ topic, partition, offset, timestamp, maxBytes }) => ({
      topic,
      partition,
      start: fetchStart(offset, timestamp, "earliest"),
      ...(maxBytes === undefined ? {} : { maxBytes }),
    })),
    room,
  });
  const refused = room.isRefused ? fetched.partitions.find(({ result }) => isFailure(result))?.result : undefined;
  if (refused !== undefined && isFailure(refused)) throw new ProblemError(refused);
  const parts = decodeMany(call.parts.codec, fetched, maxRecords, room);
  if (call.type === MSGPACK_TYPE) return msgpackAnswer(call.request, { partitions: parts.map(manyMsgpack) }, room);
  const writing = writeParts(call.parts.json, parts, call.query.encoding);
  return jsonAnswer(bodyOf(call.request, room, jsonPieces(call.parts.json, writing)));
}

function* writeParts(json: JsonWriter, parts: readonly FetchedPart[], encoding: Encoding): Generator<void> {
  for (const [index, part] of parts.entries()) {
    json.rawText(index === 0 ? '{"partitions":[' : ",");
    yield* writePart(json, part, encoding);
  }
  json.rawText("]}");
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

/**
 * Decodes in order until `maxRecords`, or as many bytes as an answer may have, are there; what comes after goes on where it was asked to
 * start.
 */
export function decodeMany(
  codec: RecordCodec,
  fetched: Pick<FetchManyResult, "partitions">,
  maxRecords: number,
  room: AnswerRoom,
): FetchedPart[] {
  let left: DecodeLimits = { maxRecords, maxBytes: room.shareOf(MAX_DECODED_BYTES) };
  const parts = fetched.partitions.map(({ topic, partition, result }) => {
    if (isFailure(result)) return { topic, partition, result, decoded: nothing(0) };
    const isFull = left.maxRecords <= 0 || left.maxBytes <= 0;
    const decoded = isFull ? nothing(result.startOffset) : decode(codec, result, left);
    if (isFailure(decoded)) return { topic, partition, result: decoded, decoded: nothing(0) };
    left = { maxRecords: left.maxRecords - decoded.records.length, maxBytes: left.maxBytes - decoded.bytes };
    return { topic, partition, result, decoded };
  });
  holdDecoded(
    room,
    parts.map(({ decoded }) => decoded),
  );
  return parts;
}

function* writePart(json: JsonWriter, { topic, partition, result, decoded }: FetchedPart, encoding: Encoding): Generator<void> {
  if (isFailure(result)) {
    json.rawText(JSON.stringify(failedPart(topic, partition, result)));
    return;
  }
  yield* writeFetched(json, `${JSON.stringify({ topic, partition }).slice(0, -1)},`, decoded, logOffsets(result), encoding);
}

function manyMsgpack({ topic, partition, result, decoded }: FetchedPart): object {
  return isFailure(result) ? failedPart(topic, partition, result) : { topic, partition, ...fetchedMsgpack(decoded, result) };
}

function failedPart(topic: string, partition: number, failed: ReadFailure): object {
  return { topic, partition, ...refusal(failed), ...(failed.offsets === undefined ? {} : logOffsets(failed.offsets)) };
}
