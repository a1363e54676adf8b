// The sockets of readers that wait for new records. They hibernate: an idle partition with idle readers is put out of memory and costs
// nothing. A watcher is told how far it may read when it comes and each time that this moves, as decimal text: the high watermark, or the
// last stable offset where it reads committed records alone. It is closed when the log is gone.

import type { IsolationLevel, LogOffsets } from "../broker/ports.ts";
import { readableEnd } from "../broker/readable-end.ts";

const ISOLATION_LEVELS: readonly IsolationLevel[] = ["read_committed", "read_uncommitted"];

/** Application close codes are 4000 to 4999. */
const LOG_GONE_CLOSE_CODE = 4404;

export class Watchers {
  readonly #context: DurableObjectState;
  #mayHaveSockets: boolean;
  /** What was told last to those of an isolation level. */
  readonly #told = new Map<IsolationLevel, number>();

  constructor(context: DurableObjectState) {
    this.#context = context;
    this.#mayHaveSockets = context.getWebSockets().length > 0;
  }

  /** Accepts a watcher and tells it how far it may read. Its isolation level is the socket's tag, which outlives hibernation. */
  accept(isolation: IsolationLevel, offsets: LogOffsets): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#context.acceptWebSocket(server, [isolation]);
    server.send(String(readableEnd(offsets, isolation)));
    this.#mayHaveSockets = true;
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Leaves through the output gate: nobody hears of records that are not durable. */
  tell(offsets: LogOffsets): void {
    if (!this.#mayHaveSockets) return;
    this.#mayHaveSockets = this.#context.getWebSockets().length > 0;
    for (const isolation of ISOLATION_LEVELS) {
      const endOffset = readableEnd(offsets, isolation);
      if (this.#told.get(isolation) === endOffset) continue;
      this.#told.set(isolation, endOffset);
      for (const socket of this.#context.getWebSockets(isolation)) send(socket, String(endOffset));
    }
  }

  closeAll(): void {
    for (const socket of this.#context.getWebSockets()) socket.close(LOG_GONE_CLOSE_CODE, "the partition is gone");
  }
}

function send(socket: WebSocket, text: string): void {
  try {
    socket.send(text);
  } catch {
    // The other side is gone and its close event is on the way: there is nobody to tell.
  }
}
