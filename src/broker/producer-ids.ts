// Producer ids, one at a time, from blocks that the cluster object gave to this isolate for good: a new producer usually costs no call.
// The pool is shared by all requests of the isolate, and holds numbers only, never a promise (see cluster-cache.ts). Requests that find
// it empty together each fetch a block; what they leave over serves the next ones.
//
// Invariant: an id is given out once. What is left of a block when the isolate goes is lost, as in Kafka.

import type { ProducerIdBlock } from "./ports.ts";

export class ProducerIdPool {
  readonly #blocks: { next: number; readonly end: number }[] = [];

  /** An id that nobody else has. */
  async next(allocate: () => Promise<ProducerIdBlock>): Promise<number> {
    const pooled = this.#take();
    if (pooled !== null) return pooled;
    const { firstProducerId, count } = await allocate();
    if (!Number.isSafeInteger(firstProducerId) || firstProducerId < 0 || count < 1) {
      throw new Error(`The cluster answered with the producer id block ${firstProducerId}, ${count}`);
    }
    if (count > 1) this.#blocks.push({ next: firstProducerId + 1, end: firstProducerId + count });
    return firstProducerId;
  }

  #take(): number | null {
    const block = this.#blocks[0];
    if (block === undefined) return null;
    const producerId = block.next;
    block.next += 1;
    if (block.next === block.end) this.#blocks.shift();
    return producerId;
  }
}
