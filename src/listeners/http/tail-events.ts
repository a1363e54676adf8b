// GET …/partitions/{p}/records with Accept: text/event-stream: a partition's live tail as Server-Sent Events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). `id` is the offset after the record, so that a browser that comes
// back with Last-Event-ID misses nothing and sees nothing twice. A tail that cannot go on ends with an event of the type `error`.

import type { FetchStart } from "../../broker/ports.ts";
import type { Encoding } from "../../contract/fields.ts";
import { EVENT_STREAM_TYPE } from "../../contract/media-types.ts";
import type { Call } from "./call.ts";
import type { FetchCall } from "./fetch.ts";
import { queryStart } from "./fetch-start.ts";
import { asProblem, type ProblemError, problemOf, readProblem, refuse, requireResult } from "./problem.ts";
import { recordMembers } from "./record-output.ts";
import { textStream } from "./streams.ts";
import { isTailEnd, type TailEnd, type TailPage, tailPages } from "./tail-pages.ts";
import { within } from "./within.ts";

/** Proxies cut what is silent for long; a comment line is not seen by the page. */
const KEEP_ALIVE_MS = 15_000;

const KEEP_ALIVE = ": keep-alive\n\n";

export async function tailEvents(call: FetchCall): Promise<Response> {
  const { params, query, broker } = call;
  const start = lastEventId(call.request) ?? queryStart(query, "earliest");
  await requirePartition(call, params.topic, params.partition);
  const abort = new AbortController();
  const steps = broker.tail({
    topic: params.topic,
    partitions: [{ partition: params.partition, start }],
    start,
    isolation: query.isolation,
    maxBytes: query.maxBytes,
    signal: abort.signal,
  });
  const pages = tailPages(steps, call.parts.codec);
  return new Response(
    textStream(eventTexts(pages, query.encoding, call), () => abort.abort()),
    { headers: { "content-type": EVENT_STREAM_TYPE, "cache-control": "no-store", "x-accel-buffering": "no" } },
  );
}

/** A 404 now, not an event: a browser comes back to a stream that ends, but not to one that never began. */
export async function requirePartition(call: Pick<Call, "broker">, topic: string, partition: number): Promise<void> {
  const { partitionCount } = requireResult(await call.broker.topic(topic));
  if (partition >= partitionCount) {
    throw refuse("UNKNOWN_TOPIC_OR_PARTITION", `Topic ${topic} has the partitions 0 to ${partitionCount - 1}, not ${partition}.`);
  }
}

function lastEventId(request: Request): FetchStart | undefined {
  const id = request.headers.get("last-event-id");
  if (id === null || id === "") return undefined;
  if (!/^\d{1,15}$/.test(id)) throw refuse("INVALID_REQUEST", "Last-Event-ID: must be the id of an event of this stream, an offset.");
  return Number(id);
}

async function* eventTexts(pages: AsyncGenerator<TailPage | TailEnd>, encoding: Encoding, call: FetchCall): AsyncGenerator<string> {
  const { json } = call.parts;
  try {
    for await (const page of withKeepAlive(pages)) {
      if (page === null) yield KEEP_ALIVE;
      else if (isTailEnd(page)) yield errorEvent(readProblem(page.failure));
      else yield page.records.map((record) => `id: ${record.offset + 1}\ndata: {${recordMembers(json, record, encoding)}}\n\n`).join("");
    }
  } catch (error) {
    yield errorEvent(asProblem(error, { requestId: call.requestId, request: `tail ${call.params.topic}` }));
  }
}

function errorEvent(error: ProblemError): string {
  return `event: error\ndata: ${JSON.stringify(problemOf(error.failure, error.options))}\n\n`;
}

/** null each time that nothing came for a while. */
async function* withKeepAlive<T>(source: AsyncGenerator<T>): AsyncGenerator<T | null> {
  let next = source.next();
  for (;;) {
    const result = await within(next, KEEP_ALIVE_MS);
    if (result === null) {
      yield null;
      continue;
    }
    if (result.done) return;
    yield result.value;
    next = source.next();
  }
}
