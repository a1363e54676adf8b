// A live tail: records as they are written, pushed by the broker over Server-Sent Events or a WebSocket. When the connection breaks it is
// opened again where it broke off, so no record is missed or seen twice. For a page in a browser, a log on a screen; a Consumer fetches
// in bulk, and waits where its program is slow.

import { EVENT_STREAM_TYPE } from "../../contract/media-types.ts";
import { type Isolation, pathOf } from "../admin/topic-admin.ts";
import { backoffMs, sleep } from "../backoff.ts";
import type { Client } from "../client.ts";
import { errorOf, knownCode, NetworkError, SluiceError } from "../errors.ts";
import { readEvents } from "./event-stream.ts";
import { type ConsumerRecord, fromJson, JSON_BYTES, type JsonRecord } from "./records.ts";
import { openSocket, socketMessages } from "./tail-socket.ts";

export interface TailOptions {
  readonly topic: string;
  readonly partition: number;
  /** Where to begin; `latest`, what is written from now on, where absent. A negative number: so many records before the end. */
  readonly offset?: number | "earliest" | "latest";
  readonly isolation?: Isolation;
  /** `sse` needs nothing but fetch; `websocket` goes through where streams of answers do not. */
  readonly via?: "sse" | "websocket";
  /** Bytes of batches that the broker sends at once. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

interface Step {
  readonly records: readonly JsonRecord[];
  readonly nextOffset: number;
}

/**
 * Records of a partition as they come, until the signal aborts.
 *
 * ```ts
 * for await (const record of tail(client, { topic: "clicks", partition: 0 })) console.log(asText(record.value));
 * ```
 */
export async function* tail(client: Client, options: TailOptions): AsyncGenerator<ConsumerRecord> {
  const { topic, partition, signal = new AbortController().signal } = options;
  let offset = options.offset ?? "latest";
  for (let failures = 0; !signal.aborted; failures++) {
    let wait = 0;
    try {
      if (typeof offset !== "number" || offset < 0) offset = await startOf(client, options, offset, signal);
      for await (const { records, nextOffset } of steps(client, options, offset, signal)) {
        for (const record of records) {
          yield { topic, partition, ...fromJson(record) };
          offset = record.offset + 1;
        }
        offset = Math.max(offset, nextOffset);
        failures = 0;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof SluiceError) || !error.retriable || error.status === 404) throw error;
      wait = error.retryAfterMs ?? 0;
    }
    await sleep(backoffMs(client.backoff, failures, wait), signal).catch(() => undefined); // aborted: the loop ends
  }
}

/** The number of the offset to begin at, so that a break before the first record misses none. */
async function startOf(
  client: Client,
  { topic, partition, isolation }: TailOptions,
  offset: number | "earliest" | "latest",
  signal: AbortSignal,
): Promise<number> {
  const query = { timestamp: offset === "earliest" ? "earliest" : "latest", isolation };
  const path = `${pathOf(topic, partition)}/offsets`;
  const found = await client.call<{ offset: number; logStartOffset: number }>("GET", path, { query, signal });
  return typeof offset === "number" ? Math.max(found.logStartOffset, found.offset + offset) : found.offset;
}

function steps(client: Client, options: TailOptions, offset: number, signal: AbortSignal): AsyncGenerator<Step> {
  return options.via === "websocket" ? socketSteps(client, options, offset, signal) : eventSteps(client, options, offset, signal);
}

async function* eventSteps(
  client: Client,
  { topic, partition, isolation, maxBytes }: TailOptions,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Step> {
  const query = { offset, isolation, maxBytes, encoding: JSON_BYTES };
  const response = await client.open(`${pathOf(topic, partition)}/records`, { query, headers: { accept: EVENT_STREAM_TYPE }, signal });
  try {
    for await (const { event, data } of readEvents(response.body!, signal)) {
      if (event === "error") throw problemOf(JSON.parse(data));
      const record = JSON.parse(data) as JsonRecord;
      yield { records: [record], nextOffset: record.offset + 1 };
    }
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw new NetworkError("the stream of events broke", { cause: error });
  }
}

async function* socketSteps(
  client: Client,
  { topic, partition, isolation, maxBytes }: TailOptions,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Step> {
  const socket = await openSocket(client, `${pathOf(topic, partition)}/tail`, { offset, isolation, maxBytes, encoding: JSON_BYTES });
  for await (const text of socketMessages(socket, signal)) {
    const message = JSON.parse(text) as Step | Record<string, unknown>;
    if ("code" in message) throw problemOf(message);
    yield message as Step;
  }
}

function problemOf(problem: Record<string, unknown>): SluiceError {
  const { status, retriable } = problem;
  return errorOf(knownCode(problem.code), String(problem.detail), { status: Number(status), retriable: retriable === true, problem });
}
