// A partition as its object runs it (src/objects/partition.ts: the same parts, wired the same way), over stores that fail, in lives that
// end at any moment. The disk, the bucket and the alarm outlive it.

import { readPartition } from "../../src/broker/fetch.ts";
import type { OffsetQuery, Ports, ReadFailure, ReadResult, TopicMetadata } from "../../src/broker/ports.ts";
import type { Failure } from "../../src/common/errors.ts";
import { failure } from "../../src/common/errors.ts";
import { type LogState, NOTHING_CLEANED } from "../../src/log/log-store.ts";
import type { AppendedRun, AppendItem } from "../../src/log/partition-log.ts";
import { OpenPartition } from "../../src/objects/open-partition.ts";
import { type AlarmStorage, Upkeep } from "../../src/objects/upkeep.ts";
import { MemoryArchiveStore } from "../../src/storage/memory-archive-store.ts";
import { MemoryLogStore } from "../../src/storage/memory-log-store.ts";
import { type FaultPlan, FaultyArchiveStore, faultyLogStore, Life, type Turns } from "./faulty-stores.ts";

/** Small, so that segments of some hundred bytes go up in parts. */
const PART_BYTES = 700;

/** Between two runs of maintenance (ms), as src/objects/upkeep.ts has it. */
const SOONEST_RUN_MS = 1_000;

const TOPIC: TopicMetadata = { name: "t", topicId: "t", partitionCount: 1, configs: {}, version: 0, createdAtMs: 0 };

export interface ReadOptions {
  readonly start: number;
  readonly maxBytes: number;
  readonly maxRecords: number;
}

interface Instance {
  readonly life: Life;
  readonly open: OpenPartition;
  readonly upkeep: Upkeep;
}

export class PartitionUnderFaults {
  readonly disk = new MemoryLogStore();
  readonly bucket = new MemoryArchiveStore(PART_BYTES);
  /** ms; null: none is set */
  alarmMs: number | null = null;
  readonly #plan: FaultPlan;
  readonly #turns: Turns;
  readonly #edge: FaultyArchiveStore;
  #instance: Instance | null = null;
  #ringing = 0;
  /** When the last run of an alarm ended (ms). */
  #ranMs = Number.NEGATIVE_INFINITY;

  constructor(plan: FaultPlan, turns: Turns) {
    this.#plan = plan;
    this.#turns = turns;
    this.#edge = new FaultyArchiveStore(this.bucket, plan, turns, new Life(this.disk));
  }

  get isRunning(): boolean {
    return this.#instance !== null && this.#instance.life.ended === null;
  }

  /** Whether an alarm's run is under way. */
  get isRinging(): boolean {
    return this.#ringing > 0;
  }

  /** Whether no maintenance is under way: none runs, and the last run left nothing that the next goes on with a second later. */
  get isIdle(): boolean {
    return !this.isRinging && (this.alarmMs === null || this.alarmMs > this.#ranMs + SOONEST_RUN_MS);
  }

  /** Whether the alarm rings by then, or within the time after which Upkeep goes on with what it has begun. */
  isDue(nowMs: number): boolean {
    return this.alarmMs !== null && this.alarmMs <= nowMs + SOONEST_RUN_MS;
  }

  /** As it is on the disk, which may be ahead of what was answered. */
  get storedLogStart(): number {
    return this.disk.loadState()!.logStartOffset;
  }

  get log(): OpenPartition["log"] {
    return this.#running.open.log;
  }

  get open(): OpenPartition {
    return this.#running.open;
  }

  /** Opens the log in a new life. A fault ends that life before it has begun. */
  start(configs: Readonly<Record<string, string>>): void {
    const life = new Life(this.disk);
    const store = faultyLogStore(this.#plan, life);
    const archive = new FaultyArchiveStore(this.bucket, this.#plan, this.#turns, life);
    const upkeep = new Upkeep(this.#alarmOf(life), store, archive);
    const fresh = { topicId: "t", partition: 0, leaderEpoch: -1, logStartOffset: 0, cleaner: NOTHING_CLEANED, topicVersion: 0 };
    const state: LogState = { ...fresh, configs };
    try {
      const open = new OpenPartition(store, store.loadState() ?? state, archive, () => this.end("killed", life));
      upkeep.begin(open);
      this.#instance = { life, open, upkeep };
    } catch (error) {
      this.end("killed", life);
      throw error;
    }
  }

  /** Ends the present life, or another. The platform repeats an alarm whose run did not end. */
  end(how: "killed" | "superseded", life: Life = this.#running.life): void {
    life.end(how);
    if (this.#ringing > 0 && life === this.#instance?.life) {
      this.#ringing = 0;
      this.alarmMs = Math.min(this.alarmMs ?? Number.POSITIVE_INFINITY, Date.now());
    }
  }

  append(items: readonly AppendItem[]): readonly (AppendedRun | Failure)[] {
    const { open, upkeep } = this.#running;
    const results = open.log.append(items, open.config);
    upkeep.schedule(open.log.takeRolled() ? Date.now() : (open.log.rollDueMs(open.config) ?? Number.POSITIVE_INFINITY));
    return results;
  }

  roll(): void {
    this.log.roll();
    this.#running.upkeep.schedule(Date.now());
  }

  truncate(beforeOffset: number): void {
    this.log.advanceLogStart(beforeOffset);
    this.#running.upkeep.schedule(Date.now());
  }

  setConfigs(version: number, configs: Readonly<Record<string, string>>): void {
    this.open.setConfigs(version, configs);
    this.#running.upkeep.schedule(Date.now());
  }

  /** Makes a change. One that a fault cuts off leaves the instance dropped. */
  change(make: () => void): void {
    try {
      make();
    } catch {
      if (this.isRunning) throw new Error("the instance whose change failed goes on");
    }
  }

  /** The alarm rings, whether it is due or not. */
  async ring(): Promise<void> {
    const { life, open, upkeep } = this.#running;
    this.alarmMs = null;
    upkeep.alarmIsGone();
    this.#ringing++;
    await upkeep.ring(open);
    this.#ranMs = Date.now();
    if (life.ended === null) this.#ringing--;
  }

  /** Reads as the edge does: where the partition points into the archive, it follows. */
  read({ start, maxBytes, maxRecords }: ReadOptions): Promise<ReadResult | ReadFailure> {
    const read = { topic: "t", partition: 0, start, maxBytes, maxRecords, isolation: "read_committed" } as const;
    return readPartition(this.#ports, { topic: async () => TOPIC, invalidate: () => {} }, read);
  }

  find(query: OffsetQuery): ReturnType<OpenPartition["offset"]> {
    return this.#ask((open) => open.offset(query, "read_uncommitted"));
  }

  get #ports(): Ports {
    const ports: Pick<Ports, "partition" | "archive"> = {
      partition: () => ({ read: (request: Parameters<OpenPartition["read"]>[0]) => this.#ask((open) => open.read(request)) }) as never,
      archive: { read: (key, position, length) => this.#edge.get(key, position, length) },
    };
    return ports as Ports;
  }

  get #running(): Instance {
    if (this.#instance === null) throw new Error("the partition was never started");
    return this.#instance;
  }

  /** As a call to an object: one that breaks, or is killed before its answer leaves, answers nothing. */
  async #ask<T>(call: (open: OpenPartition) => Promise<T>): Promise<T | Failure> {
    const { life, open } = this.#running;
    try {
      const answer = await call(open);
      return life.ended === "killed" ? failure("LEADER_NOT_AVAILABLE", "it was killed") : answer;
    } catch (error) {
      return failure("LEADER_NOT_AVAILABLE", String(error));
    }
  }

  #alarmOf(life: Life): AlarmStorage {
    return {
      getAlarm: async () => this.alarmMs,
      setAlarm: async (atMs) => {
        if (!(atMs > 0)) throw new TypeError("setAlarm() cannot be called with an alarm time <= 0"); // as workerd does
        if (life.ended === null) this.alarmMs = atMs;
      },
    };
  }
}
