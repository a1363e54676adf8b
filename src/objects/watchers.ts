// The sockets of readers that wait for new records. They hibernate: an idle partition with idle readers is put out of memory and costs
// nothing. A watcher is told the high watermark when it comes and at each append, as decimal text; it is closed when the log is gone.

/** Application close codes are 4000 to 4999. */
export const LOG_GONE_CLOSE_CODE = 4404;

export class Watchers {
  readonly #context: DurableObjectState;
  #mayHaveSockets: boolean;

  constructor(context: DurableObjectState) {
    this.#context = context;
    this.#mayHaveSockets = context.getWebSockets().length > 0;
  }

  /** Accepts a watcher and tells it the high watermark. */
  accept(highWatermark: number): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#context.acceptWebSocket(server);
    server.send(String(highWatermark));
    this.#mayHaveSockets = true;
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Leaves through the output gate: nobody hears of records that are not durable. */
  tell(highWatermark: number): void {
    if (!this.#mayHaveSockets) return;
    const sockets = this.#context.getWebSockets();
    this.#mayHaveSockets = sockets.length > 0;
    for (const socket of sockets) {
      try {
        socket.send(String(highWatermark));
      } catch {
        // The other side is gone and its close event is on the way: there is nobody to tell.
      }
    }
  }

  closeAll(): void {
    for (const socket of this.#context.getWebSockets()) socket.close(LOG_GONE_CLOSE_CODE, "the partition is gone");
  }
}
