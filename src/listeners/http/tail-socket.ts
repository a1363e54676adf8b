// GET …/tail with Upgrade: websocket: the live tail of a partition, or of all partitions of a topic, as messages
// {records, partition, nextOffset, highWatermark}, JSON text or MessagePack. A failure is a last message, a problem, and a close code of
// 4000 + its status (RFC 6455 leaves 4000-4999 to applications).
//
// The platform queues what is sent and doesn't say how much: tail-window.ts bounds how far a tail is ahead of its client.

import type { TailRequest } from "../../broker/messages/fetch.ts";
import type { FetchStart } from "../../broker/ports.ts";
import { MIN_PONG_INTERVAL_MS } from "../../common/limits/websockets.ts";
import type * as contract from "../../contract/fetch.ts";
import type { z } from "../../contract/zod.ts";
import type { JsonWriter } from "../../wasm/json-writer.ts";
import type { Call } from "./call.ts";
import { queryStart } from "./fetch-start.ts";
import { encodeMsgpack } from "./msgpack.ts";
import { asProblem, type ProblemError, problemOf, readProblem, refuse, requireResult } from "./problem.ts";
import { recordMsgpack, writeRecords } from "./record-output.ts";
import { requirePartition } from "./tail-events.ts";
import { isTailEnd, type TailPage, tailPages } from "./tail-pages.ts";
import { TailWindow } from "./tail-window.ts";
import { requireUpgrade } from "./upgrade.ts";

type PartitionQuery = z.output<(typeof contract.tailPartition)["query"]>;
type TopicQuery = z.output<(typeof contract.tailTopic)["query"]>;
type TailQuery = Pick<PartitionQuery, "encoding" | "format" | "isolation" | "maxBytes">;
type Place = Pick<TailRequest, "topic" | "partitions" | "start">;

const NORMAL_CLOSURE = 1000;
const APPLICATION_CLOSE_CODES = 4000;

export async function tailPartition(call: Call<z.output<(typeof contract.tailPartition)["params"]>, PartitionQuery>): Promise<Response> {
  requireUpgrade(call.request);
  const { topic, partition } = call.params;
  const start = queryStart(call.query, "latest");
  await requirePartition(call, topic, partition);
  return openTail(call, { topic, partitions: [{ partition, start }], start });
}

export async function tailTopic(call: Call<z.output<(typeof contract.tailTopic)["params"]>, TopicQuery>): Promise<Response> {
  requireUpgrade(call.request);
  const { topic } = call.params;
  const { offset: start, positions } = call.query;
  const { partitionCount } = requireResult(await call.broker.topic(topic));
  if (positions === undefined) return openTail(call, { topic, start });
  return openTail(call, { topic, start, partitions: readPositions(positions, partitionCount, start) });
}

/** `0:12,1:55`; partitions that are not named start at `start`. */
function readPositions(text: string, partitionCount: number, start: FetchStart): { partition: number; start: FetchStart }[] {
  const places = Array.from({ length: partitionCount }, (_, partition) => ({ partition, start }));
  for (const pair of text.split(",")) {
    const [partition = -1, offset = 0] = pair.split(":").map(Number);
    const place = places[partition];
    if (place === undefined) throw refuse("UNKNOWN_TOPIC_OR_PARTITION", `In the query, positions: there is no partition ${partition}.`);
    place.start = offset;
  }
  return places;
}

function openTail(call: Call<object, TailQuery>, place: Place): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  const abort = new AbortController();
  const window = new TailWindow();
  abort.signal.addEventListener("abort", () => window.end());
  server.addEventListener("close", () => abort.abort());
  server.addEventListener("error", () => abort.abort());
  listen(server, window);
  call.broker.waitUntil(pump(call, place, { socket: server, window }, abort));
  return new Response(null, { status: 101, webSocket: client });
}

/** `taken N`, and `ping`: of a flood of those, one now and then is answered. */
function listen(socket: WebSocket, window: TailWindow): void {
  let pongAtMs = Number.NEGATIVE_INFINITY;
  socket.addEventListener("message", ({ data }) => {
    if (typeof data !== "string") return;
    if (data !== "ping") return window.told(data);
    const nowMs = Date.now();
    if (nowMs - pongAtMs < MIN_PONG_INTERVAL_MS) return;
    pongAtMs = nowMs;
    socket.send("pong");
  });
}

interface Client {
  readonly socket: WebSocket;
  readonly window: TailWindow;
}

async function pump(call: Call<object, TailQuery>, place: Place, { socket, window }: Client, abort: AbortController): Promise<void> {
  const { isolation, maxBytes } = call.query;
  try {
    const steps = call.broker.tail({ ...place, isolation, maxBytes, signal: abort.signal });
    for await (const page of tailPages(steps, call.parts.codec)) {
      if (abort.signal.aborted) break;
      if (isTailEnd(page)) return closeWith(socket, readProblem(page.failure), call.query, page.partition);
      const text = message(call.parts.json, page, call.query);
      await window.add(text.length);
      if (abort.signal.aborted) break;
      socket.send(text);
      await scheduler.wait(0); // a client that has sent something meanwhile is heard
    }
    socket.close(NORMAL_CLOSURE);
  } catch (error) {
    if (!abort.signal.aborted) {
      closeWith(socket, asProblem(error, { requestId: call.requestId, request: `tail ${place.topic}` }), call.query);
    }
  } finally {
    abort.abort();
  }
}

function message(
  json: JsonWriter,
  { records, partition, nextOffset, highWatermark }: TailPage,
  { format, encoding }: TailQuery,
): string | Uint8Array<ArrayBuffer> {
  if (format === "msgpack") return encodeMsgpack({ records: records.map(recordMsgpack), partition, nextOffset, highWatermark });
  json.begin();
  json.rawText('{"records":');
  writeRecords(json, records, encoding);
  json.rawText(`,"partition":${partition},"nextOffset":${nextOffset},"highWatermark":${highWatermark}}`);
  return json.takeText();
}

function closeWith(socket: WebSocket, error: ProblemError, { format }: TailQuery, partition?: number): void {
  const problem = { ...problemOf(error.failure, error.options), ...(partition === undefined ? {} : { partition }) };
  socket.send(format === "msgpack" ? encodeMsgpack(problem) : JSON.stringify(problem));
  socket.close(APPLICATION_CLOSE_CODES + problem.status, problem.code);
}
