// Raw TCP: reads a socket into one buffer that is used again and again, and ends it when either side is done.

import { IDLE_CONNECTION_MS } from "../../common/limits.ts";
import { type ConnectionOptions, KafkaConnection } from "./connection.ts";

/** A read returns what has come, up to this. A default reader would return 4 KiB at a time (platform: Workers, sockets). */
const READ_BYTES = 256 * 1024;

/** Small segments of a frame are sent as one. */
const JOIN_BYTES = 16 * 1024;

/** Serves a client until it goes, falls silent, or breaks the protocol. Never rejects. */
export async function serveSocket(socket: Socket, options: Omit<ConnectionOptions, "send">): Promise<void> {
  const writer = socket.writable.getWriter();
  const send = async (segments: readonly Uint8Array[]): Promise<void> => {
    for (const part of joinSmall(segments)) await writer.write(part);
  };
  const connection = new KafkaConnection({ ...options, send });
  try {
    await readAll(socket, connection);
    await connection.drain();
  } catch (error) {
    console.warn(JSON.stringify({ message: "a Kafka connection is closed", error: String(error) }));
  }
  await writer.close().catch(() => undefined); // the client closed it first
}

async function readAll(socket: Socket, connection: KafkaConnection): Promise<void> {
  const reader = socket.readable.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(READ_BYTES);
  try {
    for (;;) {
      const read = await withIdleLimit(reader.read(new Uint8Array(buffer)));
      if (read.done) return;
      await connection.receive(read.value);
      buffer = read.value.buffer as ArrayBuffer;
    }
  } finally {
    await reader.cancel().catch(() => undefined); // it ended by itself
  }
}

async function withIdleLimit<T>(read: Promise<T>): Promise<T> {
  const { promise: idle, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`nothing came for ${IDLE_CONNECTION_MS} ms`)), IDLE_CONNECTION_MS);
  try {
    return await Promise.race([read, idle]);
  } finally {
    clearTimeout(timer);
  }
}

/** Neighbouring small segments in one array; large ones as they are. */
function* joinSmall(segments: readonly Uint8Array[]): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  for (const segment of segments) {
    if (segment.length < JOIN_BYTES) {
      small.push(segment);
      continue;
    }
    if (small.length > 0) yield join(small);
    small = [];
    yield segment;
  }
  if (small.length > 0) yield join(small);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    all.set(part, position);
    position += part.length;
  }
  return all;
}
