// A world for a subscription in memory: partitions, its group, its dead-letter topic, an endpoint, and a process that can die. Everything
// takes time, by whatever clock `setTimeout` has (tests use vitest's fake one), and what the endpoint saw is kept to be judged.

import { type Failure, failure } from "../../src/common/errors.ts";
import type { DecodedRecord } from "../../src/record/codec.ts";
import { MemorySubscriptionStore } from "../../src/storage/memory-subscription-store.ts";
import type { Attempt } from "../../src/subscription/attempt-log.ts";
import { DEFAULT_SUBSCRIPTION, type SubscriptionConfig } from "../../src/subscription/config.ts";
import type { DeadLetterRecord } from "../../src/subscription/dead-letter.ts";
import { type Registry, SubscriptionHost } from "../../src/subscription/host.ts";
import type { Secrets } from "../../src/subscription/secrets.ts";
import type { TrackSource } from "../../src/subscription/track.ts";
import { trackId } from "../../src/subscription/track-storage.ts";
import type { DeliveryWorld, GroupOffset, GroupOffsets, OutOfRange, PartitionRead, StartQuery } from "../../src/subscription/world.ts";
import { JsonWriter } from "../../src/wasm/json-writer.ts";
import { loadCore } from "./core.ts";

export const HOOK_NAME = "hook";
export const TEST_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazfgPxZ0tNM=";

/** A record of a call, as format "json" has it. */
export interface SentRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
}

export interface SeenCall {
  readonly startMs: number;
  readonly idempotencyKey: string;
  readonly attempt: number;
  readonly records: readonly SentRecord[];
  readonly headers: Headers;
  /** When the endpoint had answered 2xx; null: it did not. */
  acceptedMs: number | null;
  /** When it had clearly answered something else; null: it did not, or nobody can tell. */
  refusedMs: number | null;
}

export interface SeenDeadLetter {
  readonly atMs: number;
  readonly record: DeadLetterRecord;
}

/** What the endpoint does with a call: an answer after a while, or none. */
export type Endpoint = (call: SeenCall) => { readonly delayMs: number; readonly response: Response | "hang" | "broken" };

export interface HookWorldOptions {
  /** Topic name to number of partitions. */
  readonly topics: Readonly<Record<string, number>>;
  readonly endpoint: Endpoint;
  /** 0 to 1, 1 excluded */
  readonly random: () => number;
}

interface MemoryLog {
  readonly records: DecodedRecord[];
  logStartOffset: number;
  note: { readonly pastOffset: number; readonly isDurable: boolean } | null;
}

const MAX_DELAY_MS = 20;
const JSON_WRITER = new JsonWriter(loadCore());

export class HookWorld {
  readonly calls: SeenCall[] = [];
  readonly deadLetters: SeenDeadLetter[] = [];
  readonly attempts: Attempt[] = [];
  readonly logs = new Map<string, MemoryLog>();
  readonly topics: Map<string, number>;
  readonly store = new MemorySubscriptionStore<SubscriptionConfig, Secrets>();
  endpoint: Endpoint;
  alarmMs: number | null = null;
  /** Calls of alarm and of wake that reached a subscription. */
  wakeUps = 0;
  reads = 0;
  group: { fence: number; offsets: Map<string, GroupOffset> } = { fence: 1, offsets: new Map() };
  readonly #random: () => number;
  #host: SubscriptionHost | null = null;
  /** Of the process: what an earlier one has begun comes to nothing. */
  #life = 0;
  #alarmTimer: ReturnType<typeof setTimeout> | undefined;

  constructor({ topics, endpoint, random }: HookWorldOptions) {
    this.topics = new Map(Object.entries(topics));
    this.endpoint = endpoint;
    this.#random = random;
    for (const [topic, count] of this.topics) {
      for (let partition = 0; partition < count; partition++) {
        this.logs.set(`${topic}/${partition}`, { records: [], logStartOffset: 0, note: null });
      }
    }
  }

  get host(): SubscriptionHost {
    this.#host ??= this.#start();
    return this.#host;
  }

  async put(config: Partial<SubscriptionConfig>, from: StartQuery = "earliest"): Promise<void> {
    const whole = { ...DEFAULT_SUBSCRIPTION, topics: [...this.topics.keys()], url: "https://example.com/", ...config };
    const put = await this.host.put({ name: HOOK_NAME, config: whole, from, secret: TEST_SECRET });
    if ("error" in put) throw new Error(put.detail);
  }

  append(
    topic: string,
    partition: number,
    record: Partial<DecodedRecord> & { readonly text?: string; readonly name?: string } = {},
  ): number {
    const log = this.logs.get(`${topic}/${partition}`)!;
    const encode = (text: string | undefined) => (text === undefined ? null : new TextEncoder().encode(text));
    const { text, name, ...given } = record;
    const offset = log.logStartOffset + log.records.length;
    log.records.push({ offset, timestamp: Date.now(), key: encode(name), value: encode(text), headers: [], ...given });
    this.#wakeIfNoted(topic, partition, log);
    return offset;
  }

  /** The process dies, and with it what it had in memory and under way. The next call, wake-up or alarm finds a new one. */
  kill(): void {
    this.#life += 1;
    this.#host = null;
    for (const log of this.logs.values()) if (log.note !== null && !log.note.isDurable) log.note = null;
  }

  /** As a tool moves a group's offsets. */
  async moveGroup(offsets: readonly GroupOffset[]): Promise<void> {
    this.group.fence += 1;
    for (const offset of offsets) this.group.offsets.set(trackId(offset), offset);
    await this.host.offsetsMoved({ fence: this.group.fence, offsets });
  }

  source(topic: string, partition: number): TrackSource {
    return { topicId: `id-${topic}`, topic, partition };
  }

  #start(): SubscriptionHost {
    const world = this.#world(this.#life);
    const host = new SubscriptionHost({
      world,
      registry: this.#registry(),
      store: this.store,
      rules: { allowPrivate: false, hasBinding: () => false },
      randomBytes: (count) => new Uint8Array(count),
      randomId: () => String(this.#random()),
    });
    host.start(this.alarmMs);
    return host;
  }

  /** Something of a process goes on after a while, if the process is still there. */
  #later<T>(life: number, work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      setTimeout(
        () => {
          if (life !== this.#life) return;
          Promise.resolve(work()).then(resolve, reject);
        },
        Math.floor(this.#random() * MAX_DELAY_MS),
      );
    });
  }

  #world(life: number): DeliveryWorld {
    const log = ({ topic, partition }: TrackSource) => this.logs.get(`${topic}/${partition}`)!;
    return {
      now: Date.now,
      random: this.#random,
      timer: (delayMs, work) => {
        const id = setTimeout(() => life === this.#life && work(), delayMs);
        return () => clearTimeout(id);
      },
      setAlarm: (atMs) => this.#setAlarm(atMs),
      partitions: (topic) => this.#later(life, () => this.#partitions(topic)),
      startOffset: (source, query) => this.#later(life, () => startOf(log(source), query)),
      read: (source, fromOffset, maxRecords) => {
        this.reads += 1;
        return this.#later(life, () => readLog(log(source), fromOffset, maxRecords));
      },
      arm: (source, pastOffset, isDurable) =>
        this.#later(life, () => {
          const one = log(source);
          if (endOf(one) <= pastOffset) one.note = { pastOffset, isDurable };
          return endOf(one);
        }),
      commit: (offsets, fence) => this.#later(life, () => this.#commit(offsets, fence)),
      produceDeadLetters: (_topic, records) => this.#later(life, () => this.#deadLetter(records)),
      logAttempts: async (attempts) => void this.attempts.push(...attempts),
      call: (_url, init) => this.#call(life, init),
      json: JSON_WRITER,
    };
  }

  #registry(): Registry {
    return {
      register: async () => null,
      unregister: async () => null,
      attach: async () => ({ fence: this.group.fence, offsets: [...this.group.offsets.values()] }),
      detach: async () => null,
      ensureTopic: async () => null,
    };
  }

  #partitions(topic: string): TrackSource[] | null {
    const count = this.topics.get(topic);
    return count === undefined ? null : Array.from({ length: count }, (_, partition) => this.source(topic, partition));
  }

  #commit(offsets: readonly GroupOffset[], fence: number): GroupOffsets | null {
    if (fence !== this.group.fence) return { fence: this.group.fence, offsets: [...this.group.offsets.values()] };
    for (const offset of offsets) this.group.offsets.set(trackId(offset), offset);
    return null;
  }

  #deadLetter(records: readonly DeadLetterRecord[]): Failure | null {
    if (this.#random() < 0.2) return failure("LEADER_NOT_AVAILABLE", "not now");
    for (const record of records) this.deadLetters.push({ atMs: Date.now(), record });
    return null;
  }

  #setAlarm(atMs: number | null): void {
    this.alarmMs = atMs;
    clearTimeout(this.#alarmTimer);
    if (atMs === null) return;
    this.#alarmTimer = setTimeout(
      () => {
        this.alarmMs = null;
        this.wakeUps += 1;
        this.host.alarm();
      },
      Math.max(0, atMs - Date.now()),
    );
  }

  #wakeIfNoted(topic: string, partition: number, log: MemoryLog): void {
    const { note } = log;
    if (note === null || endOf(log) <= note.pastOffset) return;
    log.note = null;
    setTimeout(
      () => {
        this.wakeUps += 1;
        this.host.wake(trackId(this.source(topic, partition)));
      },
      Math.floor(this.#random() * MAX_DELAY_MS),
    );
  }

  #call(life: number, init: RequestInit): Promise<Response> {
    const body = JSON.parse(new TextDecoder().decode(init.body as Uint8Array)) as { attempt: number; records: SentRecord[] };
    const headers = new Headers(init.headers);
    const idempotencyKey = headers.get("idempotency-key")!;
    const call: SeenCall = { startMs: Date.now(), idempotencyKey, ...body, headers, acceptedMs: null, refusedMs: null };
    this.calls.push(call);
    const { delayMs, response } = this.endpoint(call);
    return new Promise((resolve, reject) => {
      init.signal?.addEventListener("abort", () => life === this.#life && reject(new Error("aborted")));
      if (response === "hang") return;
      setTimeout(() => {
        if (response !== "broken") call[response.ok ? "acceptedMs" : "refusedMs"] = Date.now();
        if (life !== this.#life) return;
        if (response === "broken") reject(new Error("connection lost"));
        else resolve(response);
      }, delayMs);
    });
  }
}

function endOf(log: MemoryLog): number {
  return log.logStartOffset + log.records.length;
}

function startOf(log: MemoryLog, query: StartQuery): number {
  if (query === "earliest") return log.logStartOffset;
  if (query === "latest") return endOf(log);
  return log.records.find(({ timestamp }) => timestamp >= query.timestamp)?.offset ?? endOf(log);
}

function readLog(log: MemoryLog, fromOffset: number, maxRecords: number): PartitionRead | OutOfRange {
  const highWatermark = endOf(log);
  if (fromOffset < log.logStartOffset || fromOffset > highWatermark) return { logStartOffset: log.logStartOffset, highWatermark };
  const first = fromOffset - log.logStartOffset;
  const records = log.records.slice(first, first + Math.min(maxRecords, 50));
  return { records, nextOffset: fromOffset + records.length, highWatermark };
}
