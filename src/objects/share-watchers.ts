// The sockets of pulls that wait for a share partition. They hibernate, as those of a partition do (watchers.ts). A watcher is told a number,
// as decimal text, when it comes, and a greater one when there may be records for it.
//
// Not all are told each time: who is told comes and takes what it wants, or closes its socket, and whatever is left then is told to the
// next ones. So a record that is given back wakes a few pulls, not all that wait. Those that only count what there is (a fetch that waits
// for more bytes) come without taking: they are told each time, and no turn is theirs.

/** Told at a time: more than one, so that many are awake soon where there is much to be had. */
const TOLD_AT_ONCE = 2;

/** Tag of a socket that only counts. It lives as long as the socket. */
const COUNTING = "counting";

export class ShareWatchers {
  readonly #context: DurableObjectState;
  #mayHaveSockets: boolean;
  #told = 0;
  /** Whose turn it is, counted over the sockets. */
  #turn = 0;

  constructor(context: DurableObjectState) {
    this.#context = context;
    this.#mayHaveSockets = context.getWebSockets().length > 0;
  }

  accept(isCounting: boolean): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#context.acceptWebSocket(server, isCounting ? [COUNTING] : []);
    server.send(String(this.#told));
    this.#mayHaveSockets = true;
    return new Response(null, { status: 101, webSocket: client });
  }

  tell(): void {
    this.#tell(TOLD_AT_ONCE);
  }

  /** What they wait for is another thing now: each is to ask again. */
  tellAll(): void {
    this.#tell(Number.POSITIVE_INFINITY);
  }

  /** Times are numbers that rise, also over a restart. */
  #tell(most: number): void {
    if (!this.#mayHaveSockets) return;
    const sockets = this.#context.getWebSockets();
    this.#mayHaveSockets = sockets.length > 0;
    this.#told = Math.max(this.#told + 1, Date.now());
    const counting = new Set(this.#context.getWebSockets(COUNTING));
    for (const socket of counting) this.#send(socket);
    const taking = counting.size === 0 ? sockets : sockets.filter((socket) => !counting.has(socket));
    for (let count = 0; count < Math.min(most, taking.length); count++) this.#send(taking[this.#turn++ % taking.length]!);
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
