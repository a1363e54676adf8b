// Many partitions wait for their next records in one request (`POST /v1/fetch`), where one request each would take more connections than
// there are: browsers and Workers have six. Who finds records in the answer fetches them by itself.

import { MAX_PARTITIONS_PER_FETCH } from "../../common/limits/fetch.ts";
import type { Isolation } from "../admin/topic-admin.ts";
import { type Client, readJson } from "../client.ts";
import { type Position, placeKey } from "./records.ts";

interface Waiting {
  readonly position: Position;
  readonly wake: () => void;
}

interface Answer {
  readonly partitions: readonly { topic: string; partition: number; code?: string; lastStableOffset?: number; highWatermark?: number }[];
}

export class SharedWait {
  readonly #client: Client;
  readonly #isolation: Isolation;
  readonly #maxWaitMs: number;
  readonly #waiting = new Map<string, Waiting>();
  #round: AbortController | null = null;

  constructor(client: Client, isolation: Isolation, maxWaitMs: number) {
    this.#client = client;
    this.#isolation = isolation;
    this.#maxWaitMs = maxWaitMs;
  }

  /** Resolves when the partition may have something from the position on, or has failed; and once the signal aborts. */
  async for(position: Position, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const key = placeKey(position);
    this.#waiting.set(key, { position, wake: resolve });
    const onAbort = (): void => resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    this.#begin();
    await promise;
    signal.removeEventListener("abort", onAbort); // it is the partition's for as long as that is read
    this.#waiting.delete(key);
  }

  /** Another round, with all who wait by the end of the running code. */
  #begin(): void {
    this.#round?.abort();
    const round = new AbortController();
    this.#round = round;
    queueMicrotask(() => {
      if (!round.signal.aborted) void this.#wait(round.signal);
    });
  }

  /** Never rejects. */
  async #wait(signal: AbortSignal): Promise<void> {
    while (this.#waiting.size > 0 && !signal.aborted) {
      const asked = [...this.#waiting.values()].slice(0, MAX_PARTITIONS_PER_FETCH);
      const answer = await this.#ask(asked, signal);
      if (signal.aborted) return;
      if (answer === null)
        for (const { wake } of asked) wake(); // their own fetches find out what is wrong
      else this.#wakeThose(answer);
      await Promise.resolve(); // those who were woken leave
    }
  }

  #ask(asked: readonly Waiting[], signal: AbortSignal): Promise<Answer | null> {
    const partitions = asked.map(({ position: { topic, partition, offset } }) => ({ topic, partition, offset, maxBytes: 1 }));
    const body = { partitions, maxRecords: 1, maxWaitMs: this.#maxWaitMs, isolation: this.#isolation };
    const read = async (response: Response) => (await readJson(response)) as Answer;
    const timeoutMs = this.#maxWaitMs + this.#client.requestTimeoutMs;
    return this.#client.attempt<Answer>("POST", "/v1/fetch", { body, signal, timeoutMs }, read).catch(() => null);
  }

  #wakeThose({ partitions }: Answer): void {
    for (const { topic, partition, code, lastStableOffset = 0, highWatermark = 0 } of partitions) {
      const waiting = this.#waiting.get(placeKey({ topic, partition }));
      const endOffset = this.#isolation === "read_committed" ? lastStableOffset : highWatermark;
      if (waiting !== undefined && (code !== undefined || endOffset > waiting.position.offset)) waiting.wake();
    }
  }
}
