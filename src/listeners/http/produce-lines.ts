// POST /v1/topics/{topic}/records with application/x-ndjson: one record a line, written while the request is still being sent. Lines are
// gathered into batches; a batch is flushed when it is full, or when the client pauses. One flush is under way while the next batch is
// being read, never two: so records keep their order, and a client that is faster than the log is held back. Each flush is answered by one
// line, in order.

import { MAX_LINE_BYTES } from "../../common/limits/http.ts";
import { NDJSON_TYPE } from "../../contract/media-types.ts";
import { bodyStream, readChunk } from "./body.ts";
import { describeJsonError, parseJson } from "./json.ts";
import { LineSplitter } from "./line-splitter.ts";
import { asProblem, problemOf, refuse, requireResult } from "./problem.ts";
import type { ProduceCall } from "./produce.ts";
import { NOTHING_PRODUCED, partitionResults, recordErrors } from "./produce-answer.ts";
import { type ReadRecords, RecordReader } from "./record-input.ts";
import { textStream } from "./streams.ts";
import { within } from "./within.ts";

/** A flush: large enough to spread the cost of a call, small enough for a quick answer. */
const FLUSH_RECORDS = 1000;
const FLUSH_BYTES = 512 * 1024;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

export async function produceLines(call: ProduceCall): Promise<Response> {
  requireResult(await call.broker.topic(call.params.topic)); // a 404 now, not in a stream that began with 200
  const reader = bodyStream(call.request).getReader();
  const cancel = () => void reader.cancel().catch(() => {}); // the client is gone: nobody is left to be told
  return new Response(textStream(answerLines(call, reader), cancel), { headers: { "content-type": NDJSON_TYPE } });
}

async function* answerLines(call: ProduceCall, reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<string> {
  try {
    const source = batches(reader);
    let next = source.next();
    for (;;) {
      const { done, value: read } = await next;
      if (done) return;
      const answer = flush(call, read);
      next = source.next();
      next.catch(() => {}); // told when it is awaited above
      yield await answer;
    }
  } catch (error) {
    const problem = asProblem(error, { requestId: call.requestId, request: `produce ${call.params.topic}` });
    yield `${JSON.stringify({ problem: problemOf(problem.failure, problem.options) })}\n`;
    await reader.cancel().catch(() => {}); // what is left of the body is not wanted
  }
}

/** The records of the body, batch by batch. */
async function* batches(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<ReadRecords> {
  const lines = new LineSplitter(MAX_LINE_BYTES);
  const records = new RecordReader("json");
  let batchBytes = 0;
  for (;;) {
    const next = readChunk(reader);
    if (records.count > 0 && (await within(next, 0)) === null) {
      yield records.take();
      batchBytes = 0;
    }
    const { done, value } = await next;
    for (const line of boundedLines(done ? lines.end() : lines.push(value))) {
      addLine(records, line);
      batchBytes += line.length;
      if (records.count >= FLUSH_RECORDS || batchBytes >= FLUSH_BYTES) {
        yield records.take();
        batchBytes = 0;
      }
    }
    if (!done) continue;
    if (records.count > 0) yield records.take();
    return;
  }
}

function* boundedLines(lines: Generator<Uint8Array>): Generator<Uint8Array> {
  try {
    yield* lines;
  } catch (error) {
    throw error instanceof RangeError ? refuse("RECORD_LIST_TOO_LARGE", `In the body, ${error.message}.`) : error;
  }
}

function addLine(records: RecordReader, line: Uint8Array): void {
  let value: unknown;
  try {
    value = parseJson(UTF8.decode(line));
  } catch (error) {
    records.refuseNext(`: the line is not JSON: ${describeJsonError(error)}`);
    return;
  }
  records.add(value);
}

/** Writes one batch; its line of the answer. */
async function flush(call: ProduceCall, read: ReadRecords): Promise<string> {
  const request = { topic: call.params.topic, records: read.records, compression: call.query.compression ?? "none" };
  const result = read.records.length === 0 ? NOTHING_PRODUCED : requireResult(await call.broker.produce(request));
  const count = read.records.length + read.refused.length;
  return `${JSON.stringify({ results: partitionResults(result), count, errors: recordErrors(read, result) })}\n`;
}
