// The sockets of pulls that wait for a share partition. They hibernate, as those of a partition do (watchers.ts). A watcher is told a number,
// as decimal text, when it comes, and a greater one each time that there may be records for it.

export class ShareWatchers {
  readonly #context: DurableObjectState;
  #mayHaveSockets: boolean;
  #told = 0;

  constructor(context: DurableObjectState) {
    this.#context = context;
    this.#mayHaveSockets = context.getWebSockets().length > 0;
  }

  accept(): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#context.acceptWebSocket(server);
    server.send(String(this.#told));
    this.#mayHaveSockets = true;
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Times are numbers that rise, also over a restart. */
  tell(): void {
    if (!this.#mayHaveSockets) return;
    const sockets = this.#context.getWebSockets();
    this.#mayHaveSockets = sockets.length > 0;
    this.#told = Math.max(this.#told + 1, Date.now());
    for (const socket of sockets) this.#send(socket);
  }

  closeAll(): void {
    for (const socket of this.#context.getWebSockets()) socket.close(1001, "the share group is gone");
  }

  #send(socket: WebSocket): void {
    try {
      socket.send(String(this.#told));
    } catch {
      // The other side is gone and its close event is on the way: there is nobody to tell.
    }
  }
}
