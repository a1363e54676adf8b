// What a Kafka produce door costs on this platform at the least: BYOB reads, the CRC of each batch in the core, one call to the partition's
// object a batch, group commit into SQLite. It walks no records, checks no sequence, and speaks only what a librdkafka producer needs:
// ApiVersions, Metadata of topics with PARTITIONS partitions, Produce version 7 with acks 1 or -1.

import { DurableObject } from "cloudflare:workers";
import module from "../../build/core.wasm";
import { API } from "../../src/protocol/api-keys.ts";
import { encodeResponse, openRequest, type RequestEnvelope } from "../../src/protocol/envelope.ts";
import { joinSegments, Writer } from "../../src/protocol/writer.ts";
import { Core } from "../../src/wasm/core.ts";
import { crc32c } from "../../src/wasm/crc32c.ts";

const PARTITIONS = 4;
const READ_BYTES = 256 * 1024;
const CRC_POSITION = 17;
const CRC_END = 21;
const RECORD_COUNT_POSITION = 57;

/** Fetch and FindCoordinator are never asked for: librdkafka sends batches of version 2, and compresses them, only to brokers with both. */
const VERSIONS = [
  { apiKey: API.produce.key, minVersion: 0, maxVersion: 7 },
  { apiKey: API.fetch.key, minVersion: 4, maxVersion: 11 },
  { apiKey: API.metadata.key, minVersion: 0, maxVersion: 4 },
  { apiKey: API.findCoordinator.key, minVersion: 0, maxVersion: 1 },
  { apiKey: API.apiVersions.key, minVersion: 0, maxVersion: 3 },
];

const core = new Core(module);

interface Append {
  readonly batch: ArrayBuffer;
  readonly resolve: (baseOffset: number) => void;
}

export class DoorObject extends DurableObject<Env> {
  #pending: Append[] = [];
  #endOffset = 0;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    state.storage.sql.exec("CREATE TABLE IF NOT EXISTS batches (base_offset INTEGER PRIMARY KEY, bytes BLOB NOT NULL)");
  }

  append(batch: ArrayBuffer): Promise<number> {
    return new Promise((resolve) => {
      this.#pending.push({ batch, resolve });
      if (this.#pending.length === 1) setTimeout(() => this.#flush(), 0);
    });
  }

  #flush(): void {
    for (const { batch, resolve } of this.#pending) {
      this.ctx.storage.sql.exec("INSERT INTO batches (base_offset, bytes) VALUES (?, ?)", this.#endOffset, batch);
      resolve(this.#endOffset);
      this.#endOffset += new DataView(batch).getInt32(RECORD_COUNT_POSITION);
    }
    this.#pending = [];
  }
}

interface Env {
  readonly DOOR: DurableObjectNamespace<DoorObject>;
}

class DoorConnection {
  readonly #env: Env;
  readonly #port: number;
  readonly #output: WritableStreamDefaultWriter<Uint8Array>;
  readonly #writer = new Writer();
  #answered: Promise<unknown> = Promise.resolve();

  constructor(env: Env, port: number, output: WritableStreamDefaultWriter<Uint8Array>) {
    this.#env = env;
    this.#port = port;
    this.#output = output;
  }

  accept(frame: Uint8Array): void {
    const envelope = openRequest(frame);
    const response = this.#handle(envelope);
    this.#answered = this.#answered.then(async () => {
      const segments = encodeResponse(this.#writer, envelope.api, envelope.version, envelope.correlationId, (await response) as never);
      await this.#output.write(new Uint8Array(joinSegments(segments)));
    });
  }

  async #handle({ api, version, reader }: RequestEnvelope): Promise<object> {
    if (api.key === API.apiVersions.key) return { errorCode: 0, apiKeys: VERSIONS, throttleTimeMs: 0 };
    if (api.key === API.metadata.key) return this.#metadata(API.metadata.request.read(reader, version).topics ?? []);
    const { topicData } = API.produce.request.read(reader, version);
    const responses = topicData.map(async ({ name, partitionData }) => ({
      name,
      partitionResponses: await Promise.all(
        partitionData.map(({ index, records }) => this.#append(`${name}-${index}`, index, records!.slice())),
      ),
    }));
    return { responses: await Promise.all(responses), throttleTimeMs: 0 };
  }

  async #append(object: string, index: number, batch: Uint8Array<ArrayBuffer>) {
    const isWhole = crc32c(core, batch.subarray(CRC_END)) === new DataView(batch.buffer).getUint32(CRC_POSITION);
    const baseOffset = isWhole ? await this.#env.DOOR.getByName(object).append(batch.buffer) : -1;
    return { index, errorCode: isWhole ? 0 : 2, baseOffset, logAppendTimeMs: -1, logStartOffset: 0 };
  }

  #metadata(topics: readonly { readonly name: string | null }[]) {
    const broker = { nodeId: 0, host: "127.0.0.1", port: this.#port, rack: null };
    const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => {
      return { errorCode: 0, partitionIndex, leaderId: 0, replicaNodes: [0], isrNodes: [0] };
    });
    const described = topics.map(({ name }) => ({ errorCode: 0, name, isInternal: false, partitions }));
    return { throttleTimeMs: 0, brokers: [broker], clusterId: "bare-door", controllerId: 0, topics: described };
  }
}

/** Reads frames until the client ends; each is whole, and good until `accept` returns. */
async function readFrames(readable: ReadableStream<Uint8Array>, accept: (frame: Uint8Array) => void): Promise<void> {
  const reader = readable.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(READ_BYTES);
  let used = 0;
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(buffer, used));
    if (done) return;
    buffer = value.buffer as ArrayBuffer;
    used += value.byteLength;
    let position = 0;
    let wanted = READ_BYTES;
    while (used - position >= 4) {
      const end = position + 4 + new DataView(buffer).getInt32(position);
      if (end > used) {
        wanted = end - position + READ_BYTES;
        break;
      }
      accept(new Uint8Array(buffer, position + 4, end - position - 4));
      position = end;
    }
    const rest = new Uint8Array(buffer, position, used - position);
    if (wanted > buffer.byteLength) {
      buffer = new ArrayBuffer(wanted);
      new Uint8Array(buffer).set(rest);
    } else if (position > 0) new Uint8Array(buffer).copyWithin(0, position, used);
    used -= position;
  }
}

export default {
  async connect(socket, env) {
    const { localAddress } = await socket.opened;
    const output = socket.writable.getWriter();
    const connection = new DoorConnection(env, Number(localAddress!.split(":").at(-1)), output);
    await readFrames(socket.readable, (frame) => connection.accept(frame));
    await output.close();
  },
} satisfies ExportedHandler<Env>;
