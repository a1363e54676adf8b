// The edge's side of a watch: a socket to the partition object that says how far its reader may read, each time that this moves
// (watchers.ts).

import type { IsolationLevel, PartitionAddress, PartitionWatch, ShareWatch } from "../broker/ports.ts";
import type { Failure } from "../common/errors.ts";

/** Opens a watch on the partition behind `stub`. */
export async function openWatch(stub: Fetcher, address: PartitionAddress, isolation: IsolationLevel): Promise<PartitionWatch | Failure> {
  const { topicId, partition, topicVersion } = address;
  const query = new URLSearchParams({ topicId, partition: String(partition), topicVersion: String(topicVersion), isolation });
  return openSocket(stub, `http://partition/watch?${query}`);
}

/** Opens a watch on the share partition behind `stub`. @param isCounting see SharePartitionPort.watch */
export async function openShareWatch(stub: Fetcher, isCounting: boolean): Promise<ShareWatch | Failure> {
  return openSocket(stub, `http://share-partition/watch${isCounting ? "?counting" : ""}`);
}

async function openSocket(stub: Fetcher, url: string): Promise<SocketWatch | Failure> {
  const response = await stub.fetch(url, { headers: { upgrade: "websocket" } });
  if (response.webSocket === null) return response.json<Failure>();
  return new SocketWatch(response.webSocket);
}

class SocketWatch implements ShareWatch {
  readonly #socket: WebSocket;
  #endOffset = -1;
  #isOpen = true;
  readonly #sleepers = new Set<() => void>();

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", (event) => {
      this.#endOffset = Number(event.data);
      this.#wake();
    });
    const end = (): void => {
      this.#isOpen = false;
      this.#wake();
    };
    socket.addEventListener("close", end);
    socket.addEventListener("error", end);
    socket.accept();
  }

  /** What was told last, -1 before anything was. */
  get endOffset(): number {
    return this.#endOffset;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async past(offset: number, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const deadline = Date.now() + timeoutMs;
    while (this.#endOffset <= offset && this.#isOpen) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0 || signal?.aborted) return false;
      await this.#sleep(leftMs, signal);
    }
    return true;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.close();
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#sleepers) wake();
  }

  /** Until the next message, the end, `timeoutMs`, or the signal. */
  #sleep(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.#sleepers.add(wake);
      signal?.addEventListener("abort", wake);
    });
  }
}
