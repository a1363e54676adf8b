// Kafka's byte stream over a WebSocket (src/contract/kafka-socket.ts): messages to a connection and back.
//
// A WebSocket has no backpressure in a Worker: messages come while others are being served, and what is sent is queued unseen. So both
// directions are bounded here. What waits for its turn is counted, and a client that sends too much ahead is closed. A client that tells
// what it has taken ("taken N") is sent no more than a window ahead; one that never does is closed at a limit, rather than queued for.
//
// The socket's object may hibernate between messages, so whatever must not be lost is in `SocketState`, saved whenever it changes. What
// cannot be saved (half a request, one that is not answered) keeps the object awake; should it be put out of memory all the same, the
// state says so (`isBusy`), and the connection is closed instead of going on with a gap. Kafka clients connect again.

import type { HostPort } from "../../common/host-port.ts";
import {
  IDLE_WATCHES_MS,
  MAX_SOCKET_AHEAD_BYTES,
  MAX_SOCKET_MESSAGE_BYTES,
  MAX_UNTOLD_SOCKET_BYTES,
  PARTIAL_REQUEST_MS,
  SOCKET_WINDOW_BYTES,
} from "../../common/limits/websockets.ts";
import { readTakenMessage, takenMessage } from "../../common/taken-message.ts";
import { ProtocolError } from "../../protocol/protocol-error.ts";
import { ClientGone, ConnectionRefused, type SessionState } from "./call.ts";
import { type ConnectionOptions, KafkaConnection } from "./connection.ts";
import { orGone } from "./or-gone.ts";
import { cut, joinSmall } from "./send-segments.ts";

/** RFC 6455, 7.4.1. */
export const CLOSE_CODES = { policyViolation: 1008, internalError: 1011, serviceRestart: 1012 } as const;

/** What of a socket outlives its object's memory: plain data, some hundred bytes of the 16 KiB that an attachment holds. */
export interface SocketState extends SessionState {
  readonly advertised: HostPort;
  /** A request is not answered, or not here in full. */
  readonly isBusy: boolean;
  /** Whether the client tells what it takes. */
  readonly tells: boolean;
  /** Sent, and not told to be taken. */
  readonly sentBytes: number;
  /** Taken from the client, and not told to it. */
  readonly takenBytes: number;
  /** When it last became busy, or idle (ms since the epoch). */
  readonly activeAtMs: number;
}

export function newSocketState(session: SessionState, advertised: HostPort, nowMs: number): SocketState {
  return { ...session, advertised, isBusy: false, tells: false, sentBytes: 0, takenBytes: 0, activeAtMs: nowMs };
}

/** What is needed of a WebSocket. */
export interface MessageSocket {
  send(message: string | Uint8Array<ArrayBuffer>): void;
  close(code: number, reason: string): void;
}

export interface WebSocketOptions extends Pick<ConnectionOptions, "broker" | "security" | "settings"> {
  readonly socket: MessageSocket;
  readonly state: SocketState;
  readonly save: (state: SocketState) => void;
  readonly now: () => number;
  readonly maxIdleMs: number;
}

export class KafkaWebSocket {
  readonly #options: WebSocketOptions;
  readonly #connection: KafkaConnection;
  #state: SocketState;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isReading = false;
  #isOver = false;
  /** Wakes who waits for room in the client's window. */
  #room: (() => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(options: WebSocketOptions) {
    const { broker, security, settings, state } = options;
    this.#options = options;
    this.#state = state;
    this.#connection = new KafkaConnection({
      broker,
      ...(security && { security }),
      settings,
      session: state,
      send: (segments) => this.#send(segments),
    });
    if (state.isBusy) this.#close(CLOSE_CODES.serviceRestart, "the connection was moved in the middle of a request: connect again");
  }

  /** Takes one message. Resolves when all that has come is answered, or the connection is over. Never rejects. */
  async receive(message: ArrayBuffer | string): Promise<void> {
    if (this.#isOver) return;
    this.#stopTimer();
    if (typeof message === "string") return this.#told(message);
    this.#waiting.push(new Uint8Array(message));
    this.#waitingBytes += message.byteLength;
    if (this.#waitingBytes > MAX_SOCKET_AHEAD_BYTES) return this.#fail(new ConnectionRefused("too much was sent ahead of its turn"));
    if (!this.#state.isBusy) this.#save({ isBusy: true });
    if (!this.#isReading) await this.#read();
  }

  /** The client is gone: nobody waits for anything any more. */
  end(): void {
    this.#isOver = true;
    this.#stopTimer();
    this.#waiting = [];
    this.#connection.end();
    this.#room?.();
    this.#options.broker.waitUntil(this.#connection.releaseShares());
  }

  /** Closes a connection on which nothing moved for too long; returns when to look again (ms since the epoch), null where it is over. */
  closeIfIdle(): number | null {
    const { now, maxIdleMs } = this.#options;
    const idleAtMs = this.#state.activeAtMs + maxIdleMs;
    if (this.#isOver) return null;
    if (idleAtMs > now()) return idleAtMs;
    if (this.#isReading || !this.#connection.isIdle) return now() + maxIdleMs;
    this.#close(1000, `nothing was said for ${maxIdleMs} ms`);
    return null;
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      for (let chunk = this.#waiting.shift(); chunk !== undefined; chunk = this.#waiting.shift()) {
        await this.#connection.receive(chunk);
        this.#waitingBytes -= chunk.byteLength;
        this.#tell(chunk.byteLength);
      }
      this.#isReading = false;
      await this.#connection.drain(); // meanwhile more may come, and be read
      this.#rest();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Nothing is left to do: notes what is needed later, so that the object may sleep. */
  #rest(): void {
    if (this.#isReading || this.#isOver) return;
    this.#stopTimer();
    if (this.#connection.isIdle) {
      this.#save({ ...this.#connection.session, isBusy: false });
      if (this.#connection.watchCount > 0) this.#timer = setTimeout(() => this.#connection.closeWatches(), IDLE_WATCHES_MS);
    } else if (this.#connection.pendingBytes > 0) {
      const late = new ConnectionRefused(`the rest of a request did not come within ${PARTIAL_REQUEST_MS} ms`);
      this.#timer = setTimeout(() => this.#fail(late), PARTIAL_REQUEST_MS);
    }
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** The client has taken some of what it was sent. */
  #told(text: string): void {
    const bytes = readTakenMessage(text);
    if (bytes === null || bytes > this.#state.sentBytes) {
      this.#fail(new ConnectionRefused('a text message is "taken N", with no more than was sent'));
      return;
    }
    this.#state = { ...this.#state, tells: true, sentBytes: this.#state.sentBytes - bytes };
    this.#room?.();
    this.#rest();
  }

  /** Tells the client what is taken of it, a quarter of its window at a time. */
  #tell(bytes: number): void {
    let takenBytes = this.#state.takenBytes + bytes;
    if (this.#state.tells && takenBytes >= SOCKET_WINDOW_BYTES / 4 && !this.#isOver) {
      this.#options.socket.send(takenMessage(takenBytes));
      takenBytes = 0;
    }
    this.#state = { ...this.#state, takenBytes };
  }

  async #send(segments: readonly Uint8Array[]): Promise<void> {
    for (const segment of joinSmall(segments)) {
      for (const part of cut(segment, MAX_SOCKET_MESSAGE_BYTES)) {
        await this.#waitForRoom(part.length);
        this.#options.socket.send(part as Uint8Array<ArrayBuffer>);
        this.#state = { ...this.#state, sentBytes: this.#state.sentBytes + part.length };
      }
    }
  }

  async #waitForRoom(bytes: number): Promise<void> {
    while (this.#state.tells && this.#state.sentBytes + bytes > SOCKET_WINDOW_BYTES && !this.#isOver) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#room = resolve;
      await orGone(promise, this.#options.maxIdleMs);
    }
    if (this.#isOver) throw new ClientGone("the client left before its answer");
    if (!this.#state.tells && this.#state.sentBytes + bytes > MAX_UNTOLD_SOCKET_BYTES) {
      throw new ConnectionRefused(`a client that does not tell what it takes ("taken N") gets ${MAX_UNTOLD_SOCKET_BYTES} bytes`);
    }
  }

  #save(change: Partial<SocketState>): void {
    const { now, save } = this.#options;
    this.#state = { ...this.#state, ...change, activeAtMs: now() };
    save(this.#state);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    const isClients = [ProtocolError, ConnectionRefused, ClientGone].some((kind) => error instanceof kind);
    if (!(error instanceof ClientGone)) console.warn(JSON.stringify({ message: "a Kafka WebSocket is closed", error: String(error) }));
    if (isClients) this.#close(CLOSE_CODES.policyViolation, (error as Error).message);
    else this.#close(CLOSE_CODES.internalError, "the request could not be served: connect again");
  }

  #close(code: number, reason: string): void {
    this.end();
    this.#options.socket.close(code, reason.slice(0, MAX_REASON_LENGTH));
  }
}

/** A close frame's reason has at most 123 bytes (RFC 6455, 5.5); ours are ASCII. */
const MAX_REASON_LENGTH = 123;
