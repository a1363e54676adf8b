// POST /v1/topics/{topic}/records and …/batches: which form the body has, and the two that come whole (JSON, MessagePack) or raw.

import type { ProduceRecord, ProduceRequest, ProduceResult, ProducerSequence } from "../../broker/messages/produce.ts";
import { DEFAULT_TRANSACTION_TIMEOUT_MS } from "../../common/limits/transactions.ts";
import { BATCHES_TYPE, JSON_TYPE, MSGPACK_TYPE, NDJSON_TYPE } from "../../contract/media-types.ts";
import * as contract from "../../contract/produce.ts";
import type { z } from "../../contract/zod.ts";
import type { Compression } from "../../wasm/compression.ts";
import { answer } from "./answer.ts";
import { readBody } from "./body.ts";
import type { Call } from "./call.ts";
import { defined } from "./defined.ts";
import { parseJsonBody } from "./json.ts";
import { parseMsgpackBody } from "./msgpack.ts";
import { bodyType } from "./negotiate.ts";
import { logUnexpected, ProblemError, refuse, refuseHttp, requireResult } from "./problem.ts";
import {
  NOTHING_PRODUCED,
  partitionResults,
  producedNothing,
  recordErrors,
  recordOffsets,
  refusedRecords,
  totalFailure,
} from "./produce-answer.ts";
import { produceLines } from "./produce-lines.ts";
import { type ReadRecords, type RecordFormat, readRecords } from "./record-input.ts";
import { validate, validBody } from "./validate.ts";

type Params = z.output<(typeof contract.produce)["params"]>;
type Query = z.output<(typeof contract.produce)["query"]>;
export type ProduceCall = Call<Params, Query>;
type Envelope = z.output<typeof contract.produceEnvelope>;

export function produce(call: ProduceCall): Response | Promise<Response> {
  const type = bodyType(call.request);
  if (type === NDJSON_TYPE) {
    refuseQuery(call.query, ["key", "partition", "timestamp", "acks"], "a raw value");
    return produceLines(call);
  }
  if (call.type === NDJSON_TYPE) throw refuseHttp(406, `Only a body of ${NDJSON_TYPE} is answered in ${NDJSON_TYPE}.`);
  if (type !== JSON_TYPE && type !== MSGPACK_TYPE) return produceValue(call);
  refuseQuery(call.query, ["key", "partition", "timestamp"], "a raw value");
  refuseQuery(call.query, ["acks", "compression"], "other content types; here it is a field of the body");
  return produceWhole(call, type === MSGPACK_TYPE ? "msgpack" : "json");
}

/** A parameter that would be ignored is a mistake: the record would not be what the client meant. */
function refuseQuery(query: Query, names: readonly (keyof Query)[], place: string): void {
  for (const name of names) {
    if (query[name] !== undefined) throw refuse("INVALID_REQUEST", `In the query, ${name}: is only for ${place}.`);
  }
}

async function produceWhole(call: ProduceCall, format: RecordFormat): Promise<Response> {
  const bytes = await readBody(call.request);
  const body = format === "msgpack" ? parseMsgpackBody(bytes) : parseJsonBody(bytes);
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw refuse("INVALID_REQUEST", 'The body must be an object with "records".');
  }
  const { records, ...rest } = body as Record<string, unknown>;
  const envelope = validate(contract.produceEnvelope, rest, "the body");
  const producer = producerOf(envelope);
  const read = readRecords(records, format);
  if (producer !== undefined && read.refused.length > 0) {
    throw new ProblemError(
      {
        error: "INVALID_RECORD",
        detail: `${read.refused[0]!.failure.detail}. With a producerId nothing is written unless every record is valid.`,
      },
      { extensions: { errors: refusedRecords(read.refused) } },
    );
  }
  return write(call, read, envelope.acks, envelope.compression, producer);
}

function producerOf({ producerId, producerEpoch, baseSequence, transactionalId, acks }: Envelope): ProducerSequence | undefined {
  const named = { producerId, producerEpoch, baseSequence, transactionalId };
  if (Object.values(named).every((field) => field === undefined)) return undefined;
  if (producerId === undefined || producerEpoch === undefined || baseSequence === undefined) {
    throw refuse("INVALID_REQUEST", "In the body: producerId, producerEpoch and baseSequence go together, and with any transactionalId.");
  }
  const sequence = { producerId, producerEpoch, baseSequence };
  if (transactionalId === undefined) return sequence;
  if (acks !== "all") throw refuse("INVALID_REQUIRED_ACKS", `In the body, acks: in a transaction it must be all, not ${acks}.`);
  return { ...sequence, transactionalId };
}

/** The body is the value of one record. */
async function produceValue(call: ProduceCall): Promise<Response> {
  const { key, partition, timestamp, tombstone, acks, compression } = call.query;
  const bytes = await readBody(call.request);
  if (tombstone && bytes.length > 0) throw refuse("INVALID_REQUEST", "In the query, tombstone: the body must be empty.");
  const record: ProduceRecord = {
    key: key ?? null,
    value: tombstone ? null : bytes,
    headers: recordHeaders(call.request.headers),
    ...(partition === undefined ? {} : { partition }),
    ...(timestamp === undefined ? {} : { timestamp }),
  };
  return write(call, { records: [record], indices: [0], refused: [] }, acks ?? "all", compression ?? "none", undefined);
}

const RECORD_HEADER = "x-header-";

/** `x-header-NAME: value` as the record's header NAME. */
function recordHeaders(headers: Headers): { key: string; value: string }[] {
  const found: { key: string; value: string }[] = [];
  for (const [name, value] of headers) {
    if (name.startsWith(RECORD_HEADER) && name.length > RECORD_HEADER.length) found.push({ key: name.slice(RECORD_HEADER.length), value });
  }
  return found;
}

async function write(
  call: ProduceCall,
  read: ReadRecords,
  acks: Envelope["acks"],
  compression: Compression,
  producer: ProducerSequence | undefined,
): Promise<Response> {
  if (read.records.length === 0) throw producedNothing(read.refused[0]!.failure, read, NOTHING_PRODUCED);
  const request: ProduceRequest = {
    topic: call.params.topic,
    records: read.records,
    compression,
    ...(producer === undefined ? {} : { producer }),
  };
  if (acks === "none") return writeUnawaited(call, request, read);
  const result = requireResult(await call.broker.produce(request));
  const failure = totalFailure(read, result);
  if (failure !== undefined) throw producedNothing(failure, read, result);
  return answer(call, producedBody(read, result, call.query.offsets));
}

function producedBody(read: ReadRecords, result: ProduceResult, withOffsets: boolean) {
  const errors = recordErrors(read, result);
  return {
    results: partitionResults(result),
    ...(withOffsets ? { offsets: recordOffsets(read, result) } : {}),
    ...(errors.length === 0 ? {} : { errors }),
  };
}

function writeUnawaited(call: ProduceCall, request: ProduceRequest, read: ReadRecords): Response {
  const about = { requestId: call.requestId, request: `produce ${request.topic}` };
  call.broker.waitUntil(call.broker.produce(request).catch((error: unknown) => logUnexpected(error, about)));
  return answer(call, read.refused.length === 0 ? {} : { errors: refusedRecords(read.refused) }, 202);
}

/** POST …/partitions/{p}/batches: the fast path, nothing is unpacked. */
export async function produceBatches(
  call: Call<z.output<(typeof contract.produceBatches)["params"]>, z.output<(typeof contract.produceBatches)["query"]>>,
): Promise<Response> {
  const type = bodyType(call.request);
  if (type !== BATCHES_TYPE) throw refuseHttp(415, `The body's Content-Type must be ${BATCHES_TYPE}, not ${type || "absent"}.`);
  const batches = await readBody(call.request);
  if (batches.length === 0) throw refuse("INVALID_REQUEST", "The body is empty: it must hold at least one record batch.");
  const result = requireResult(await call.broker.produceBatches({ ...call.params, ...defined(call.query), batches, addsPartition: true }));
  const { baseOffset, count, logStartOffset, logAppendTimeMs } = result;
  return answer(call, { baseOffset, count, logStartOffset, ...(logAppendTimeMs < 0 ? {} : { logAppendTime: logAppendTimeMs }) });
}

/** POST /v1/producers */
export async function createProducer(call: Call): Promise<Response> {
  const { transactionalId, transactionTimeoutMs } = await validBody(call.request, contract.createProducerBody);
  if (transactionalId === undefined) {
    if (transactionTimeoutMs !== undefined)
      throw refuse("INVALID_REQUEST", "In the body, transactionTimeoutMs: is only for a transactionalId.");
    return answer(call, await call.broker.createProducerId());
  }
  const timeoutMs = transactionTimeoutMs ?? DEFAULT_TRANSACTION_TIMEOUT_MS;
  return answer(call, requireResult(await call.broker.transactions.initProducerId({ transactionalId, timeoutMs })));
}
