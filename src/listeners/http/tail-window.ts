// How far a live tail over a WebSocket is ahead of its client. A Worker's WebSocket queues what is sent and does not say how much: a client
// that does not read would have the broker hold the whole topic for it. So one that tells what it has taken ("taken N", N messages) is sent
// no more than a window ahead; one that never tells is closed at a limit, sooner where there are many such, and comes again with the last
// nextOffset.

import { IDLE_CONNECTION_MS } from "../../common/limits/kafka.ts";
import {
  MAX_CROWDED_TAIL_BYTES,
  MAX_UNTOLD_TAIL_BYTES,
  MAX_UNTOLD_TAILS_BYTES,
  SOCKET_WINDOW_BYTES,
} from "../../common/limits/websockets.ts";
import { readTakenMessage } from "../../common/taken-message.ts";
import { refuse } from "./problem.ts";
import { within } from "./within.ts";

/** Sent to all of the isolate's clients that have not told anything, as long as they are there. */
let untoldBytes = 0;

export class TailWindow {
  readonly #idleMs: number;
  /** Of messages that were sent and are not told to be taken, the oldest first (bytes). */
  readonly #sizes: number[] = [];
  #bytes = 0;
  /** This client's part of `untoldBytes`. */
  #untoldBytes = 0;
  #tells = false;
  #isOver = false;
  #change = Promise.withResolvers<Record<never, never>>();

  /** @param idleMs how long a client that tells may take nothing */
  constructor(idleMs = IDLE_CONNECTION_MS) {
    this.#idleMs = idleMs;
  }

  /** Takes a message of the client. Others than `taken` are ignored, and so is one that takes more than was sent. */
  told(text: string): void {
    const count = readTakenMessage(text);
    if (count === null) return;
    this.#tells = true;
    this.#leaveUntold();
    for (const size of this.#sizes.splice(0, count)) this.#bytes -= size;
    this.#changed();
  }

  /** The client is gone. */
  end(): void {
    this.#isOver = true;
    this.#leaveUntold();
    this.#changed();
  }

  /**
   * Counts a message, once there is room for it: a first one always has room. Resolves as well when the client is gone.
   * @throws ProblemError where the client is to be closed instead
   */
  async add(bytes: number): Promise<void> {
    while (this.#tells && !this.#isOver && this.#bytes > 0 && this.#bytes + bytes > SOCKET_WINDOW_BYTES) {
      const changed = await within(this.#change.promise, this.#idleMs);
      if (changed === null) throw refuse("REQUEST_TIMED_OUT", `Nothing that was sent was taken for ${this.#idleMs} ms.`);
    }
    if (!this.#tells && !this.#isOver) this.#addUntold(bytes);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  #addUntold(bytes: number): void {
    const most = untoldBytes + bytes > MAX_UNTOLD_TAILS_BYTES ? MAX_CROWDED_TAIL_BYTES : MAX_UNTOLD_TAIL_BYTES;
    if (this.#bytes > 0 && this.#bytes + bytes > most) {
      const detail = `A client that does not tell what it takes ("taken N", N messages) gets ${most} bytes. Go on with a new connection at the last nextOffset.`;
      throw refuse("THROTTLING_QUOTA_EXCEEDED", detail);
    }
    this.#untoldBytes += bytes;
    untoldBytes += bytes;
  }

  #leaveUntold(): void {
    untoldBytes -= this.#untoldBytes;
    this.#untoldBytes = 0;
  }

  #changed(): void {
    this.#change.resolve({});
    this.#change = Promise.withResolvers();
  }
}
