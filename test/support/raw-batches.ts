// What the end-to-end tests of raw record batches share: the calls to the broker that carry them, and how a batch that was stored is
// compared with the one that was sent.

import { POSITION } from "../../src/record/record-batch.ts";

export const BATCHES_TYPE = "application/vnd.kafka.record-batches";

/** One partition of a running broker. */
export interface PartitionPlace {
  readonly url: string;
  readonly topic: string;
  readonly partition: number;
}

export interface Produced {
  readonly baseOffset: number;
  readonly count: number;
  readonly logStartOffset: number;
}

export interface RawFetch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly nextOffset: number;
  readonly highWatermark: number;
  readonly leaderEpoch: number;
}

/** A record as a test states it: bytes as latin-1 text, which holds any byte and reads well in a diff. */
export interface PlainRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly { readonly key: string; readonly value: string | null }[];
}

/** Creates a topic and names its partitions. */
export async function createTopic(
  url: string,
  topic: string,
  partitions = 1,
  configs: Readonly<Record<string, string>> = {},
): Promise<PartitionPlace[]> {
  const answer = await fetch(`${url}/v1/topics`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: topic, partitions, configs }),
  });
  if (answer.status !== 201) throw new Error(`creating ${topic} was answered ${answer.status}: ${await answer.text()}`);
  return Array.from({ length: partitions }, (_, partition) => ({ url, topic, partition }));
}

export function partitionUrl({ url, topic, partition }: PartitionPlace, resource: "batches" | "records" | "tail"): string {
  return `${url}/v1/topics/${topic}/partitions/${partition}/${resource}`;
}

/** Sends a body of record batches, whatever they are, and answers whatever comes. */
export function sendBatches(place: PartitionPlace, body: Uint8Array<ArrayBuffer>): Promise<Response> {
  return fetch(partitionUrl(place, "batches"), { method: "POST", headers: { "content-type": BATCHES_TYPE }, body });
}

/** Rejects unless the batches are written. */
export async function produceBatches(place: PartitionPlace, body: Uint8Array<ArrayBuffer>): Promise<Produced> {
  return (await expectOk(await sendBatches(place, body))).json() as Promise<Produced>;
}

/** One raw fetch from `offset` on. */
export async function fetchRaw(place: PartitionPlace, offset: number): Promise<RawFetch> {
  const answer = await expectOk(await fetch(`${partitionUrl(place, "records")}?offset=${offset}`, { headers: { accept: BATCHES_TYPE } }));
  if (answer.headers.get("content-type") !== BATCHES_TYPE) throw new Error(`answered in ${answer.headers.get("content-type")}`);
  return {
    bytes: new Uint8Array(await answer.arrayBuffer()),
    nextOffset: Number(answer.headers.get("x-next-offset")),
    highWatermark: Number(answer.headers.get("x-high-watermark")),
    leaderEpoch: Number(answer.headers.get("x-leader-epoch")),
  };
}

/** The whole partition raw, by as many fetches as it takes. */
export async function fetchAllRaw(place: PartitionPlace): Promise<RawFetch> {
  const parts: Uint8Array[] = [];
  for (let offset = 0; ; ) {
    const part = await fetchRaw(place, offset);
    parts.push(part.bytes);
    if (part.nextOffset >= part.highWatermark) return { ...part, bytes: new Uint8Array(Buffer.concat(parts)) };
    if (part.nextOffset <= offset) throw new Error(`a fetch at offset ${offset} of ${part.highWatermark} did not get any further`);
    offset = part.nextOffset;
  }
}

/** The records from `offset` on, fetched as JSON in base64. */
export async function fetchRecords(place: PartitionPlace, offset = 0): Promise<PlainRecord[]> {
  const records: PlainRecord[] = [];
  for (let next = offset; ; ) {
    const url = `${partitionUrl(place, "records")}?offset=${next}&encoding=base64&maxBytes=4000000&maxRecords=100000`;
    const answer = (await (await expectOk(await fetch(url))).json()) as Base64Fetch;
    records.push(...answer.records.map(plainRecord));
    if (answer.nextOffset >= answer.highWatermark) return records;
    if (answer.nextOffset <= next) throw new Error(`a fetch at offset ${next} of ${answer.highWatermark} did not get any further`);
    next = answer.nextOffset;
  }
}

export async function highWatermark({ url, topic, partition }: PartitionPlace): Promise<number> {
  const path = `/v1/topics/${topic}/partitions/${partition}/offsets?timestamp=latest`;
  return ((await (await expectOk(await fetch(url + path))).json()) as { offset: number }).offset;
}

/** A copy without what a leader assigns: base offset and leader epoch are 0. */
export function withoutAssigned(batch: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(batch);
  copy.fill(0, POSITION.baseOffset, POSITION.batchLength);
  copy.fill(0, POSITION.partitionLeaderEpoch, POSITION.magic);
  return copy;
}

export async function expectOk(answer: Response): Promise<Response> {
  if (!answer.ok) throw new Error(`${answer.url} was answered ${answer.status}: ${await answer.text()}`);
  return answer;
}

type Base64 = { readonly base64: string } | null;

interface Base64Fetch {
  readonly records: readonly {
    readonly offset: number;
    readonly timestamp: number;
    readonly key: Base64;
    readonly value: Base64;
    readonly headers: readonly { readonly key: string; readonly value: Base64 }[];
  }[];
  readonly nextOffset: number;
  readonly highWatermark: number;
}

function plainRecord({ offset, timestamp, key, value, headers }: Base64Fetch["records"][number]): PlainRecord {
  return {
    offset,
    timestamp,
    key: latin1(key),
    value: latin1(value),
    headers: headers.map((header) => ({ key: header.key, value: latin1(header.value) })),
  };
}

function latin1(bytes: Base64): string | null {
  return bytes === null ? null : Buffer.from(bytes.base64, "base64").toString("latin1");
}
