// Raw TCP: a socket's bytes to a connection and back, until either side is done.
//
// One read is always under way, also while a request is being served: that is how a client that goes away in the middle of a long fetch
// is noticed. What it brings is not looked at before the request is answered, and no other read follows, so a client that does not take
// its answers is soon not read any more. Bytes that came before a read failed are served; nothing else is read after them.

import { IDLE_CONNECTION_MS } from "../../common/limits/kafka.ts";
import { ClientGone } from "./call.ts";
import { type ConnectionOptions, KafkaConnection } from "./connection.ts";
import { orGone } from "./or-gone.ts";
import { ReadBuffers } from "./read-buffers.ts";
import { joinSmall } from "./send-segments.ts";

/** Serves a client until it goes, falls silent, or breaks the protocol. Never rejects. */
export async function serveSocket(
  socket: Socket,
  options: Pick<ConnectionOptions, "broker" | "security" | "settings">,
  idleMs = IDLE_CONNECTION_MS,
): Promise<void> {
  const reader = socket.readable.getReader({ mode: "byob" });
  const writer = socket.writable.getWriter();
  const stopReading = (): Promise<void> => reader.cancel().catch(() => undefined); // it ended by itself
  const connection = new KafkaConnection({
    ...options,
    onFailure: () => void stopReading(),
    // All parts are written at once, and go out in order: to wait for each would cost a turn of the event loop, and a timer, for each.
    send: (segments) => orGone(writeAll(writer, segments), idleMs),
  });
  let isGone = false;
  try {
    await readAll(reader, connection, idleMs);
    await connection.drain();
  } catch (error) {
    isGone = error instanceof ClientGone;
    if (!(error instanceof ClientGone)) console.warn(JSON.stringify({ message: "a Kafka connection is closed", error: String(error) }));
  }
  connection.end();
  await stopReading();
  await connection.drain().catch(() => undefined); // said above, or nobody is left to be told
  await connection.releaseShares();
  // What a client that is gone has not taken is let go at once; else all of it goes out.
  await orGone(isGone ? writer.abort() : writer.close(), idleMs).catch(() => undefined); // the client closed it first
}

/** Resolves when the stream has taken all of a frame. */
async function writeAll(writer: WritableStreamDefaultWriter<Uint8Array>, segments: readonly Uint8Array[]): Promise<void> {
  await Promise.all(Array.from(joinSmall(segments), (part) => writer.write(part)));
}

/** Resolves when the client has ended its side, or nothing more is to be read. */
async function readAll(reader: ReadableStreamBYOBReader, connection: KafkaConnection, idleMs: number): Promise<void> {
  const buffers = new ReadBuffers();
  const readNext = async (): Promise<Uint8Array | null> => {
    const { value, done } = await reader.read(buffers.take()).catch(() => ({ value: undefined, done: true })); // reset by the client
    if (!done) return value as Uint8Array;
    connection.end();
    return null;
  };
  let next = readNext();
  for (;;) {
    const chunk = await orGone(next, idleMs);
    if (chunk === null) return;
    buffers.noteRead(chunk);
    next = readNext();
    await connection.receive(chunk);
    buffers.giveBack(chunk);
  }
}
