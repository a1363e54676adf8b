// One fetch of one partition. The stored batches come as they are and are taken apart here: the broker spends nothing on them. Where one
// is compressed in a way that neither the platform nor the given codecs can undo, the broker is asked for decoded records instead, then and
// for the rest of the partition.

import { BATCHES_TYPE } from "../../contract/media-types.ts";
import { type AbortedTransaction, abortedFilter } from "../../record/aborted-batches.ts";
import { isCrcRight, readRecords } from "../../record/batch-reader.ts";
import type { DecodedRecord } from "../../record/codec.ts";
import { codecOf } from "../../record/compression-type.ts";
import { BATCH_HEADER_BYTES, batchHeaders, isControl, lastOffset } from "../../record/record-batch.ts";
import { type Isolation, pathOf } from "../admin/topic-admin.ts";
import { type Client, readJson } from "../client.ts";
import { type Codecs, decompressRecords } from "../compression.ts";
import { errorOf } from "../errors.ts";
import { fromJson, JSON_BYTES, type JsonRecord, type TopicPartition } from "./records.ts";

export interface FetchOptions {
  readonly offset: number | "earliest" | "latest";
  /** Of stored batches; the first comes whole. */
  readonly maxBytes: number;
  readonly maxWaitMs: number;
  readonly isolation: Isolation;
  readonly codecs: Codecs;
  readonly checkCrcs: boolean;
  /** Ask for decoded records from the start. */
  readonly isDecodedByBroker: boolean;
  readonly signal: AbortSignal;
}

export interface FetchedPage {
  readonly records: readonly DecodedRecord[];
  readonly nextOffset: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  /** Ask the broker to decode from now on. */
  readonly isDecodedByBroker: boolean;
}

/** @throws SluiceError; OffsetOutOfRangeError tells the range */
export async function fetchPage(client: Client, place: TopicPartition, options: FetchOptions): Promise<FetchedPage> {
  if (options.isDecodedByBroker) return fetchDecoded(client, place, options);
  return (await fetchRaw(client, place, options)) ?? fetchDecoded(client, place, options);
}

/** null where a batch cannot be decompressed here. */
async function fetchRaw(client: Client, place: TopicPartition, options: FetchOptions): Promise<FetchedPage | null> {
  const { answer, bytes } = await ask(client, place, options, BATCHES_TYPE, {}, async (response) => ({
    answer: response.headers,
    bytes: new Uint8Array(await response.arrayBuffer()),
  }));
  const header = (name: string) => Number(answer.get(name));
  const nextOffset = header("x-next-offset");
  const fromOffset = typeof options.offset === "number" ? options.offset : 0;
  const records = await decodeRun(bytes, fromOffset, readAborted(answer.get("x-aborted-transactions")), options);
  if (records === null) return null;
  return {
    records,
    nextOffset,
    highWatermark: header("x-high-watermark"),
    lastStableOffset: header("x-last-stable-offset"),
    isDecodedByBroker: false,
  };
}

async function fetchDecoded(client: Client, place: TopicPartition, options: FetchOptions): Promise<FetchedPage> {
  type Answer = Omit<FetchedPage, "records"> & { readonly records: readonly JsonRecord[] };
  const read = async (response: Response) => (await readJson(response)) as Answer;
  const answer = await ask(client, place, options, "application/json", { encoding: JSON_BYTES }, read);
  return { ...answer, records: answer.records.map(fromJson), isDecodedByBroker: true };
}

function ask<Answer>(
  client: Client,
  place: TopicPartition,
  { offset, maxBytes, maxWaitMs, isolation, signal }: FetchOptions,
  accept: string,
  more: Readonly<Record<string, string>>,
  read: (response: Response) => Promise<Answer>,
): Promise<Answer> {
  return client.attempt(
    "GET",
    `${pathOf(place.topic, place.partition)}/records`,
    {
      query: { offset, maxBytes, maxWaitMs, isolation, ...more },
      headers: { accept },
      signal,
      timeoutMs: maxWaitMs + client.requestTimeoutMs,
    },
    read,
  );
}

/** `PRODUCER_ID:FIRST-LAST,…` */
function readAborted(header: string | null): AbortedTransaction[] {
  if (header === null) return [];
  return header.split(",").map((text) => {
    const [producerId = 0, firstOffset = 0, end = 0] = text.split(/[:-]/).map(Number);
    return { producerId, firstOffset, lastOffset: end };
  });
}

async function decodeRun(
  bytes: Uint8Array<ArrayBuffer>,
  fromOffset: number,
  aborted: readonly AbortedTransaction[],
  { codecs, checkCrcs }: FetchOptions,
): Promise<readonly DecodedRecord[] | null> {
  const isAborted = abortedFilter(aborted);
  const runs: DecodedRecord[][] = [];
  for (const header of batchHeaders(bytes)) {
    if (lastOffset(header) < fromOffset || isControl(header) || isAborted(header)) continue;
    const batch = bytes.subarray(header.position, header.position + header.sizeBytes);
    if (checkCrcs && !isCrcRight(batch)) {
      throw errorOf("CORRUPT_MESSAGE", `the batch at offset ${header.baseOffset} does not match its CRC`);
    }
    const compression = codecOf(header);
    if (compression !== "none" && !codecs.supports(compression)) return null;
    runs.push(readRecords(header, await decompressRecords(codecs, compression, batch.subarray(BATCH_HEADER_BYTES)), fromOffset));
  }
  return runs.length === 1 ? runs[0]! : runs.flat();
}
