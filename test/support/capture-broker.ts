// A Kafka server that takes whatever producers send and keeps the record batches as they came, byte for byte. It speaks just enough of
// the protocol (https://kafka.apache.org/protocol) for librdkafka and kafkajs to produce, idempotent or not:
//
//   i32 size, then a request:  i16 apiKey, i16 apiVersion, i32 correlationId, string clientId, body
//   i32 size, then an answer:  i32 correlationId, body
//
// Only versions without tagged fields are offered. It has one topic of any name, with one partition, and stores nothing: every produce
// is answered as if it were the first.

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { LOG_OVERHEAD_BYTES, POSITION } from "../../src/record/record-batch.ts";

const PRODUCE = 0;
const FETCH = 1;
const METADATA = 3;
const FIND_COORDINATOR = 10;
const API_VERSIONS = 18;
const INIT_PRODUCER_ID = 22;

/**
 * What is offered: key, from, to. Produce is served at version 7 alone, but librdkafka compresses only where 0 is offered
 * (KAFKA-18659); it also judges by Fetch and FindCoordinator, which nobody calls here, whether a broker knows zstd and lz4.
 */
const OFFERED = [
  [PRODUCE, 0, 7],
  [FETCH, 0, 11],
  [METADATA, 4, 4],
  [FIND_COORDINATOR, 0, 0],
  [API_VERSIONS, 0, 2],
  [INIT_PRODUCER_ID, 0, 1],
] as const;

const PRODUCE_VERSION = 7;
const MAX_API_VERSIONS_VERSION = 2;
const UNSUPPORTED_VERSION = 35;
const BROKER_ID = 1;
const NULL_STRING = -1;

export interface CaptureBroker {
  /** HOST:PORT */
  readonly address: string;
  /** The producer id that idempotent producers get. */
  readonly producerId: number;
  /** The batches since the last call, in the order they came. Throws if a request could not be served. */
  take(): Uint8Array<ArrayBuffer>[];
  stop(): Promise<void>;
}

/** Listens on a free port of the loopback address. */
export async function startCaptureBroker(): Promise<CaptureBroker> {
  const captured: Uint8Array<ArrayBuffer>[] = [];
  const sockets = new Set<Socket>();
  const failures: Error[] = [];
  const producerId = 4_000_000_123; // more than 32 bits
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // a client that goes away: what it sent before counts
    serve(socket, { port: portOf(server), producerId, captured }, (error) => failures.push(error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${portOf(server)}`,
    producerId,
    take() {
      if (failures.length > 0) throw new AggregateError(failures.splice(0), "the capture broker could not serve a request");
      return captured.splice(0);
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

interface Context {
  readonly port: number;
  readonly producerId: number;
  readonly captured: Uint8Array<ArrayBuffer>[];
}

/** Answers every whole request in what has come, one after the other. */
function serve(socket: Socket, context: Context, onFailure: (error: Error) => void): void {
  let pending: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE()) {
      const size = pending.readInt32BE();
      try {
        const answer = respond(new Reader(pending.subarray(4, 4 + size)), context);
        if (answer !== null) socket.write(answer.framed());
      } catch (error) {
        onFailure(error as Error);
        socket.destroy();
        return;
      }
      pending = pending.subarray(4 + size);
    }
  });
}

/** @returns null where the client wants no answer */
function respond(request: Reader, context: Context): Writer | null {
  const apiKey = request.i16();
  const apiVersion = request.i16();
  const answer = new Writer().i32(request.i32());
  request.string(); // clientId
  if (apiKey === API_VERSIONS) return apiVersions(answer, apiVersion);
  if (apiKey === METADATA) return metadata(request, answer, context);
  if (apiKey === INIT_PRODUCER_ID) return answer.i32(0).i16(0).i64(context.producerId).i16(0);
  if (apiKey === PRODUCE && apiVersion === PRODUCE_VERSION) return produce(request, answer, context);
  throw new Error(`API ${apiKey} version ${apiVersion} is not served here`);
}

/** A version that is not offered is answered by version 0 with the error, and the client asks again with one that is (KIP-511). */
function apiVersions(answer: Writer, version: number): Writer {
  const isOffered = version <= MAX_API_VERSIONS_VERSION;
  answer.i16(isOffered ? 0 : UNSUPPORTED_VERSION);
  answer.array(OFFERED, ([key, from, to]) => answer.i16(key).i16(from).i16(to));
  return isOffered && version >= 1 ? answer.i32(0) : answer;
}

/** Version 4. Every topic that is asked for is there. */
function metadata(request: Reader, answer: Writer, { port }: Context): Writer {
  const topics = request.array(() => request.string()!);
  answer.i32(0); // throttle time
  answer.array([BROKER_ID], (id) => answer.i32(id).string("127.0.0.1").i32(port).i16(NULL_STRING));
  answer.string("capture").i32(BROKER_ID); // cluster id, controller
  return answer.array(topics, (topic) => {
    answer.i16(0).string(topic).i8(0);
    answer.array([0], (partition) =>
      answer.i16(0).i32(partition).i32(BROKER_ID).array([BROKER_ID], answer.i32).array([BROKER_ID], answer.i32),
    );
  });
}

/** Version 7. */
function produce(request: Reader, answer: Writer, { captured }: Context): Writer | null {
  request.string(); // transactional id
  const acks = request.i16();
  request.i32(); // timeout
  const topics = request.array(() => ({
    topic: request.string()!,
    partitions: request.array(() => ({ partition: request.i32(), batches: splitBatches(request.bytes()) })),
  }));
  for (const { partitions } of topics) for (const { batches } of partitions) captured.push(...batches);
  answer.array(topics, ({ topic, partitions }) => {
    answer.string(topic);
    answer.array(partitions, ({ partition }) => answer.i32(partition).i16(0).i64(0).i64(-1).i64(0));
  });
  return acks === 0 ? null : answer.i32(0);
}

/** Copies of the batches of a run; what is not a whole batch at its end is kept as it is, for the test to stumble over. */
function splitBatches(run: Buffer): Uint8Array<ArrayBuffer>[] {
  const batches: Uint8Array<ArrayBuffer>[] = [];
  for (let position = 0; position < run.length; ) {
    const hasLength = run.length - position >= LOG_OVERHEAD_BYTES;
    const size = hasLength ? run.readInt32BE(position + POSITION.batchLength) + LOG_OVERHEAD_BYTES : Number.POSITIVE_INFINITY;
    const end = size > 0 ? Math.min(run.length, position + size) : run.length;
    batches.push(new Uint8Array(run.subarray(position, end)));
    position = end;
  }
  return batches;
}

class Reader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  i16(): number {
    this.#position += 2;
    return this.#bytes.readInt16BE(this.#position - 2);
  }

  i32(): number {
    this.#position += 4;
    return this.#bytes.readInt32BE(this.#position - 4);
  }

  string(): string | null {
    const length = this.i16();
    return length < 0 ? null : this.#take(length).toString("utf8");
  }

  bytes(): Buffer {
    return this.#take(this.i32());
  }

  /** A null array is an empty one. */
  array<T>(item: () => T): T[] {
    return Array.from({ length: Math.max(0, this.i32()) }, item);
  }

  #take(length: number): Buffer {
    const end = this.#position + length;
    if (length < 0 || end > this.#bytes.length) throw new RangeError(`${length} bytes at position ${this.#position} are not there`);
    const bytes = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return bytes;
  }
}

class Writer {
  readonly #parts: Buffer[] = [];

  i8 = (value: number): this => this.#fixed(1, (part) => part.writeInt8(value));
  i16 = (value: number): this => this.#fixed(2, (part) => part.writeInt16BE(value));
  i32 = (value: number): this => this.#fixed(4, (part) => part.writeInt32BE(value));
  i64 = (value: number): this => this.#fixed(8, (part) => part.writeBigInt64BE(BigInt(value)));

  string(value: string): this {
    const bytes = Buffer.from(value);
    this.i16(bytes.length);
    this.#parts.push(bytes);
    return this;
  }

  array<T>(items: readonly T[], write: (item: T) => unknown): this {
    this.i32(items.length);
    for (const item of items) write(item);
    return this;
  }

  /** Everything written, after its size. */
  framed(): Buffer {
    const size = Buffer.alloc(4);
    size.writeInt32BE(this.#parts.reduce((sum, part) => sum + part.length, 0));
    return Buffer.concat([size, ...this.#parts]);
  }

  #fixed(length: number, write: (part: Buffer) => void): this {
    const part = Buffer.alloc(length);
    write(part);
    this.#parts.push(part);
    return this;
  }
}
