// Every way to read a topic from its start to its end over HTTP. Each reader answers the same: the records of each partition, in order.

import { readFileSync } from "node:fs";
import { unpack } from "msgpackr";
import { Core } from "../../src/wasm/core.ts";
import { decodeBatches } from "../../src/wasm/record-batches.ts";

export interface ReadRecord {
  readonly offset: number;
  readonly key: string;
  readonly value: string;
}

/** By partition. `ends[p]` is the offset at which partition p ends. */
export type Reader = (url: string, topic: string, ends: readonly number[]) => Promise<ReadRecord[][]>;

const FETCH_BYTES = 4_000_000;
const MAX_RECORDS = 100_000;
const MAX_DECOMPRESSED_BYTES = 32_000_000;

const utf8 = new TextDecoder("utf-8", { fatal: true });

interface Fetched<Bytes> {
  readonly records: readonly { readonly offset: number; readonly key: Bytes; readonly value: Bytes }[];
  readonly nextOffset: number;
}

async function expectOk(answer: Response): Promise<Response> {
  if (!answer.ok) throw new Error(`${answer.url} was answered ${answer.status}: ${await answer.text()}`);
  return answer;
}

/** Fetches each partition until its end: `decode` makes records, and the offset to go on at, of an answer. */
function fetchUntilEnd(accept: string, decode: (answer: Response, offset: number) => Promise<Fetched<string>>): Reader {
  return (url, topic, ends) =>
    Promise.all(
      ends.map(async (end, partition) => {
        const records: ReadRecord[] = [];
        for (let offset = 0; offset < end; ) {
          const path = `/v1/topics/${topic}/partitions/${partition}/records?offset=${offset}&maxBytes=${FETCH_BYTES}&maxRecords=${MAX_RECORDS}`;
          const fetched = await decode(await expectOk(await fetch(url + path, { headers: { accept } })), offset);
          if (fetched.nextOffset <= offset) throw new Error(`partition ${partition} ends at ${offset}, before ${end}`);
          for (const record of fetched.records) records.push(record);
          offset = fetched.nextOffset;
        }
        return records;
      }),
    );
}

const readJson = fetchUntilEnd("application/json", async (answer) => (await answer.json()) as Fetched<string>);

/** Keys and values are bytes in MessagePack. */
const readMessagePack = fetchUntilEnd("application/msgpack", async (answer) => {
  const { records, nextOffset } = unpack(new Uint8Array(await answer.arrayBuffer())) as Fetched<Uint8Array>;
  return { nextOffset, records: records.map(({ offset, key, value }) => ({ offset, key: utf8.decode(key), value: utf8.decode(value) })) };
});

/** The batches as they are stored, compressed as they were written; decoded here, by the same Wasm core as in the broker. */
const readBatches = fetchUntilEnd("application/vnd.kafka.record-batches", async (answer, fromOffset) => {
  const batches = new Uint8Array(await answer.arrayBuffer());
  const records = decodeBatches(loadCore(), batches, { fromOffset, maxDecompressedBytes: MAX_DECOMPRESSED_BYTES, checkCrc: true });
  return {
    nextOffset: Number(answer.headers.get("x-next-offset")),
    records: records.map(({ offset, key, value }) => ({ offset, key: utf8.decode(key!), value: utf8.decode(value!) })),
  };
});

let core: Core | null = null;

function loadCore(): Core {
  core ??= new Core(new WebAssembly.Module(readFileSync(new URL("../../build/core.wasm", import.meta.url))));
  return core;
}

/** Server-Sent Events: one event a record, on and on; left once the end is reached. */
const readEvents: Reader = (url, topic, ends) => Promise.all(ends.map((end, partition) => readEventsOf(url, topic, partition, end)));

async function readEventsOf(url: string, topic: string, partition: number, end: number): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  if (end === 0) return records;
  const path = `/v1/topics/${topic}/partitions/${partition}/records?offset=earliest`;
  const answer = await expectOk(await fetch(url + path, { headers: { accept: "text/event-stream" } }));
  let rest = "";
  for await (const text of answer.body!.pipeThrough(new TextDecoderStream())) {
    const events = (rest + text).split("\n\n");
    rest = events.pop()!;
    for (const event of events) {
      const data = event.split("\n").find((line) => line.startsWith("data: "));
      if (data !== undefined) records.push(JSON.parse(data.slice("data: ".length)) as ReadRecord);
    }
    if (records.length >= end) break;
  }
  return records;
}

/** WebSocket: all partitions of the topic over one connection, which is told what is taken, so that it goes on for as long as it takes. */
const readWebSocket: Reader = (url, topic, ends) =>
  new Promise((resolve, reject) => {
    const records: ReadRecord[][] = ends.map(() => []);
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/v1/topics/${topic}/tail?offset=earliest`);
    socket.addEventListener("open", () => socket.send("taken 0"));
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data as string) as { partition: number; records?: ReadRecord[] };
      if (message.records === undefined) return reject(new Error(`the WebSocket of ${topic} ends with ${data as string}`));
      socket.send("taken 1");
      for (const record of message.records) records[message.partition]!.push(record);
      if (records.every((of, partition) => of.length >= ends[partition]!)) {
        socket.close();
        resolve(records);
      }
    });
    socket.addEventListener("error", () => reject(new Error(`the WebSocket of ${topic} failed`)));
    socket.addEventListener("close", ({ code, reason }) => reject(new Error(`the WebSocket of ${topic} was closed: ${code} ${reason}`)));
  });

/** One request for all partitions, until each is at its end. */
const readMany: Reader = async (url, topic, ends) => {
  const records: ReadRecord[][] = ends.map(() => []);
  const offsets = ends.map(() => 0);
  while (offsets.some((offset, partition) => offset < ends[partition]!)) {
    const unfinished = offsets.flatMap((offset, partition) => (offset < ends[partition]! ? [{ topic, partition, offset }] : []));
    const answer = await fetch(`${url}/v1/fetch`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ partitions: unfinished, maxBytes: FETCH_BYTES, maxRecords: MAX_RECORDS }),
    });
    const { partitions } = (await (await expectOk(answer)).json()) as { partitions: (Fetched<string> & { partition: number })[] };
    for (const { partition, records: more, nextOffset } of partitions) {
      for (const record of more) records[partition]!.push(record);
      offsets[partition] = nextOffset;
    }
  }
  return records;
};

export const READERS: Readonly<Record<string, Reader>> = {
  JSON: readJson,
  MessagePack: readMessagePack,
  "stored batches": readBatches,
  "Server-Sent Events": readEvents,
  WebSocket: readWebSocket,
  "multi-partition fetch": readMany,
};
