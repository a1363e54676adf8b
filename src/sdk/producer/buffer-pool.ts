// The producer's memory, as org.apache.kafka.clients.producer.internals.BufferPool has it: `totalBytes` in all. Buffers of one size, the
// batch size, are kept when they come back and used again; larger ones are counted, but made anew each time. Who finds no room waits, and
// waiters are served in the order in which they came: the first takes whatever is freed, piece by piece, until it has enough.
//
// Invariant: `availableBytes` + the bytes of buffers that are out + what waiters have set aside = `totalBytes`.

import { BufferExhaustedError, ClosedError } from "../errors.ts";

export interface BufferPoolOptions {
  readonly totalBytes: number;
  /** Of the buffers that are kept. */
  readonly poolableBytes: number;
  /** Told after each change of what is available. */
  readonly onChange?: () => void;
}

type Buffer = Uint8Array<ArrayBuffer>;

interface Waiter {
  readonly sizeBytes: number;
  /** Of the size asked for, set aside already. */
  reservedBytes: number;
  readonly resolve: (buffer: Buffer) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

export class BufferPool {
  readonly totalBytes: number;
  readonly poolableBytes: number;
  /** Buffers made so far: what reuse keeps down. */
  allocationCount = 0;
  readonly #onChange: () => void;
  readonly #free: Buffer[] = [];
  readonly #waiters: Waiter[] = [];
  #unpooledBytes: number;
  #isClosed = false;

  constructor({ totalBytes, poolableBytes, onChange = () => {} }: BufferPoolOptions) {
    this.totalBytes = totalBytes;
    this.poolableBytes = poolableBytes;
    this.#unpooledBytes = totalBytes;
    this.#onChange = onChange;
  }

  /** Bytes that could be handed out now. */
  get availableBytes(): number {
    return this.#unpooledBytes + this.#free.length * this.poolableBytes;
  }

  get waiterCount(): number {
    return this.#waiters.length;
  }

  /** Whether a buffer of the batch size would be handed out at once. */
  get hasRoom(): boolean {
    return this.#waiters.length === 0 && this.availableBytes >= this.poolableBytes;
  }

  /**
   * A buffer of exactly `sizeBytes`, with whatever it held before: at once where there is room, else once there is.
   * @throws RangeError where the pool could never hold it; rejects with BufferExhaustedError after `maxBlockMs`
   */
  allocate(sizeBytes: number, maxBlockMs: number): Buffer | Promise<Buffer> {
    if (this.#isClosed) throw new ClosedError("producer");
    if (sizeBytes > this.totalBytes) throw new RangeError(`a buffer of ${sizeBytes} bytes is more than the ${this.totalBytes} of all`);
    return this.tryAllocate(sizeBytes) ?? this.#wait(sizeBytes, maxBlockMs);
  }

  /** A buffer of exactly `sizeBytes` if there is room now, and nobody before who waits. */
  tryAllocate(sizeBytes: number): Buffer | null {
    if (this.#isClosed || this.#waiters.length > 0) return null;
    const pooled = sizeBytes === this.poolableBytes ? this.#free.pop() : undefined;
    if (pooled === undefined) {
      if (this.availableBytes < sizeBytes) return null;
      this.#take(sizeBytes);
    }
    const buffer = pooled ?? this.#make(sizeBytes);
    this.#onChange();
    return buffer;
  }

  /** Takes a buffer back. Who had it must not touch it any more. */
  deallocate(buffer: Buffer): void {
    if (buffer.length === this.poolableBytes) this.#free.push(buffer);
    else this.#unpooledBytes += buffer.length;
    this.#serve();
    this.#onChange();
  }

  /** Refuses whoever waits, and whoever comes. */
  close(): void {
    this.#isClosed = true;
    for (const waiter of this.#waiters.splice(0)) {
      this.#giveUp(waiter);
      waiter.reject(new ClosedError("producer"));
    }
  }

  #wait(sizeBytes: number, maxBlockMs: number): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const timer = setTimeout(() => this.#expire(waiter, maxBlockMs), maxBlockMs);
    const waiter: Waiter = { sizeBytes, reservedBytes: 0, resolve, reject, timer };
    this.#waiters.push(waiter);
    this.#serve();
    this.#onChange();
    return promise;
  }

  /** Gives what is free to the waiters, the first first. */
  #serve(): void {
    for (let first = this.#waiters[0]; first !== undefined; first = this.#waiters[0]) {
      const pooled = first.reservedBytes === 0 && first.sizeBytes === this.poolableBytes ? this.#free.pop() : undefined;
      const buffer = pooled ?? this.#reserve(first);
      if (buffer === null) return;
      this.#waiters.shift();
      clearTimeout(first.timer);
      first.resolve(buffer);
    }
  }

  /** Sets aside for a waiter as much as there is. @returns its buffer, once that is enough */
  #reserve(waiter: Waiter): Buffer | null {
    const missing = Math.min(waiter.sizeBytes - waiter.reservedBytes, this.availableBytes);
    this.#take(missing);
    waiter.reservedBytes += missing;
    return waiter.reservedBytes === waiter.sizeBytes ? this.#make(waiter.sizeBytes) : null;
  }

  #expire(waiter: Waiter, maxBlockMs: number): void {
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    this.#giveUp(waiter);
    const detail = `no ${waiter.sizeBytes} bytes of the producer's ${this.totalBytes} were free within ${maxBlockMs} ms`;
    waiter.reject(new BufferExhaustedError(detail));
    this.#serve();
    this.#onChange();
  }

  #giveUp(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    this.#unpooledBytes += waiter.reservedBytes;
  }

  /** Takes `bytes`, which are available, letting go of kept buffers where need be. */
  #take(bytes: number): void {
    while (this.#unpooledBytes < bytes && this.#free.pop() !== undefined) this.#unpooledBytes += this.poolableBytes;
    this.#unpooledBytes -= bytes;
  }

  #make(sizeBytes: number): Buffer {
    this.allocationCount++;
    return new Uint8Array(sizeBytes);
  }
}
