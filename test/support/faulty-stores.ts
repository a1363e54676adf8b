// Stores that fail: the in-memory ones, behind faults that a seed plans. Each call may fail before it is done or after (its answer is
// lost), a transaction at its end as well, and then leaves nothing. Calls to the archive also take their time: each waits for its turn,
// before and after, while other things happen, comes back short, is told to slow down, or is cut off between the parts of an upload.
//
// A store belongs to one life of a partition's instance. When that life ends, what it committed stays. An instance that was killed gets
// no further answer; one that was only superseded goes on with what it knew, and can write no more: that is what the platform promises.

import type { ArchiveListing, ArchiveStore, ArchiveUpload } from "../../src/log/archive-store.ts";
import type { LogStore } from "../../src/log/log-store.ts";
import type { MemoryArchiveStore } from "../../src/storage/memory-archive-store.ts";
import type { MemoryLogStore } from "../../src/storage/memory-log-store.ts";

export class InjectedFault extends Error {}

/** Strikes at random points. */
export class FaultPlan {
  /** Of a fault at each point, 0 to 1. */
  chance = 0;
  injected = 0;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  get isStruck(): boolean {
    const isStruck = this.#random() < this.chance;
    if (isStruck) this.injected++;
    return isStruck;
  }

  strike(point: string): void {
    if (this.isStruck) throw new InjectedFault(point);
  }
}

/** Calls that wait for their turn; which goes on next is chosen at random. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Lets one call go on as far as it gets without another turn. */
  async next(): Promise<void> {
    const [resolve] = this.#waiting.splice(Math.floor(this.#random() * this.#waiting.length), 1);
    resolve?.();
    await afterMicrotasks();
  }

  async all(): Promise<void> {
    await afterMicrotasks();
    while (this.#waiting.length > 0) await this.next();
  }
}

/** Resolves when all that can go on without a turn has. */
export function afterMicrotasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Of one instance over the disk: its stores ask whether it still counts. */
export class Life {
  readonly disk: MemoryLogStore;
  #ended: "killed" | "superseded" | null = null;
  #known: MemoryLogStore;

  constructor(disk: MemoryLogStore) {
    this.disk = disk;
    this.#known = disk;
  }

  get ended(): "killed" | "superseded" | null {
    return this.#ended;
  }

  /** The disk, and once the life is over, the disk as it was then. */
  get known(): MemoryLogStore {
    return this.#known;
  }

  end(how: "killed" | "superseded"): void {
    if (this.#ended !== null) return;
    this.#ended = how;
    this.#known = this.disk.copy();
  }
}

const WRITES: ReadonlySet<string> = new Set<keyof LogStore>([
  ...(["saveState", "transaction", "putSegment", "removeSegment"] as const),
  ...(["createRows", "dropRows", "appendRow", "saveProducerSnapshot"] as const),
  ...(["addAborted", "removeAborted", "dropAbortedBefore"] as const),
]);

/** The store of a life. */
export function faultyLogStore(plan: FaultPlan, life: Life): LogStore {
  const call = (name: string, args: readonly unknown[]): unknown => {
    const isGone = life.ended === "killed" || (life.ended === "superseded" && WRITES.has(name));
    if (isGone) throw new InjectedFault(`${name} of an instance that is gone`);
    plan.strike(`before ${name}`);
    const target = life.known as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
    const result = target[name]!(...(name === "transaction" ? [endingInStrike(args[0] as () => void, plan)] : args));
    plan.strike(`after ${name}`);
    return result;
  };
  return new Proxy(life.disk, {
    get:
      (_, name) =>
      (...args: readonly unknown[]) =>
        call(String(name), args),
  });
}

function endingInStrike(work: () => void, plan: FaultPlan): () => void {
  return () => {
    work();
    plan.strike("end of a transaction");
  };
}

export class FaultyArchiveStore implements ArchiveStore {
  readonly #bucket: MemoryArchiveStore;
  readonly #plan: FaultPlan;
  readonly #turns: Turns;
  readonly #life: Life;

  constructor(bucket: MemoryArchiveStore, plan: FaultPlan, turns: Turns, life: Life) {
    this.#bucket = bucket;
    this.#plan = plan;
    this.#turns = turns;
    this.#life = life;
  }

  get partBytes(): number {
    return this.#bucket.partBytes;
  }

  putIfAbsent(key: string, bytes: ArrayBuffer): Promise<void> {
    return this.#call(`put ${key}`, () => this.#bucket.putIfAbsent(key, bytes));
  }

  async beginUpload(key: string): Promise<ArchiveUpload> {
    const upload = await this.#call(`begin ${key}`, () => this.#bucket.beginUpload(key));
    return {
      part: (number, bytes) => this.#call(`part ${number} of ${key}`, () => upload.part(number, bytes)),
      complete: () => this.#call(`complete ${key}`, () => upload.complete()),
      abort: () => this.#call(`abort ${key}`, () => upload.abort()),
    };
  }

  async get(key: string, position: number, length: number): Promise<ArrayBuffer | null> {
    const bytes = await this.#call(`get ${key}`, () => this.#bucket.get(key, position, length));
    return bytes !== null && this.#plan.isStruck ? bytes.slice(0, bytes.byteLength / 2) : bytes;
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#call(`delete ${keys}`, () => this.#bucket.delete(keys));
  }

  list(prefix: string, cursor: string | null): Promise<ArchiveListing> {
    return this.#call(`list ${prefix}`, () => this.#bucket.list(prefix, cursor));
  }

  async #call<T>(name: string, work: () => Promise<T>): Promise<T> {
    await this.#turns.wait();
    if (this.#plan.isStruck) throw new InjectedFault(`429 or cut before ${name}`);
    const result = await work();
    await this.#turns.wait();
    if (this.#life.ended === "killed") return new Promise<never>(() => {});
    this.#plan.strike(`no answer to ${name}`);
    return result;
  }
}
