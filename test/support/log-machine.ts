// Takes random steps with a partition under faults, and after each compares it with the model (log-model.ts). Reads and lookups begin in
// one step and end in a later one, as the archive gets round to them, while the log goes on.

import { vi } from "vitest";
import type { ReadFailure, ReadResult } from "../../src/broker/ports.ts";
import type { TopicConfig } from "../../src/common/configs.ts";
import { type Failure, isFailure } from "../../src/common/errors.ts";
import type { AppendedRun } from "../../src/log/partition-log.ts";
import type { Core } from "../../src/wasm/core.ts";
import { afterMicrotasks, FaultPlan, Turns } from "./faulty-stores.ts";
import { checkExpiry, checkRecords, configsOf, equal, isExpired, LogModel, ManifestCheck } from "./log-model.ts";
import { PartitionUnderFaults } from "./partition-under-faults.ts";
import { ModelProducers, type PlannedRun } from "./planned-runs.ts";
import { seededRandom } from "./random.ts";

const START_MS = 1_790_000_000_000;

/** Upkeep tries again after this long at the latest (ms). */
const LAST_RETRY_MS = 300_000;

/** Of a fault at each call of a store, while there are faults. */
const FAULT_CHANCE = 0.004;

/** Values that configs change to. Compaction, once it runs, is another value of cleanup.policy. */
const CONFIGS: Readonly<Record<string, readonly string[]>> = {
  "segment.bytes": ["14", "300", "1000", "3000"],
  "segment.ms": ["1000", "60000", "604800000"],
  "segment.index.bytes": ["16", "10485760"],
  "index.interval.bytes": ["0", "50", "300", "4096"],
  "retention.ms": ["-1", "5000", "120000", "604800000"],
  "retention.bytes": ["-1", "2000", "10000"],
  "local.retention.ms": ["-2", "0", "10000"],
  "local.retention.bytes": ["-2", "0", "3000"],
  "cleanup.policy": ["delete", "delete", ""],
  "message.timestamp.type": ["CreateTime", "CreateTime", "LogAppendTime"],
};

/** What a step does, and how often. */
const STEPS: readonly (readonly [weight: number, name: StepName])[] = [
  [30, "append"],
  [40, "goOn"],
  [14, "read"],
  [6, "find"],
  [8, "ring"],
  [2, "roll"],
  [1, "truncate"],
  [2, "configure"],
  [4, "moveClock"],
  [2, "restart"],
  [1, "settle"],
];

type StepName = "append" | "goOn" | "read" | "find" | "ring" | "roll" | "truncate" | "configure" | "moveClock" | "restart" | "settle";

export class LogMachine {
  readonly plan: FaultPlan;
  readonly #core: Core;
  readonly #random: () => number;
  readonly #turns: Turns;
  readonly #partition: PartitionUnderFaults;
  readonly #model = new LogModel();
  readonly #producers: ModelProducers;
  readonly #manifest: ManifestCheck;
  readonly #failures: unknown[] = [];
  readonly counts: Record<string, number> = {};
  #configs: Readonly<Record<string, string>> = { "segment.bytes": "1000", "index.interval.bytes": "300" };
  #configVersion = 1;
  #nowMs = START_MS;
  #latestMs = START_MS;
  #boundaries: number[] = [];
  #leaderEpoch = -1;

  constructor(core: Core, seed: number) {
    this.#core = core;
    this.#random = seededRandom(seed);
    this.plan = new FaultPlan(this.#random);
    this.#turns = new Turns(this.#random);
    this.#partition = new PartitionUnderFaults(this.plan, this.#turns);
    this.#producers = new ModelProducers(core, this.#random);
    this.#manifest = new ManifestCheck(core);
    this.#setClock(START_MS);
  }

  get recordCount(): number {
    return this.#model.endOffset;
  }

  async run(stepCount: number): Promise<void> {
    this.#startAnew();
    for (let step = 0; step < stepCount; step++) {
      const name = this.#pickStep();
      try {
        await this.#step(name);
      } catch (error) {
        throw new Error(`step ${step} (${name}): ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
    await this.#step("settle");
  }

  async #step(name: StepName): Promise<void> {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    const before = { config: this.#config, boundaries: this.#boundaries };
    this.plan.chance = name === "settle" ? 0 : FAULT_CHANCE;
    await this[name]();
    this.plan.chance = 0;
    await afterMicrotasks();
    if (!this.#partition.isRunning) this.#startAnew();
    this.#check(before.config, before.boundaries);
  }

  // ------------------------------------------------------------------------------------------------------------------ steps

  append(): void {
    const nowMs = this.#nowMs;
    const runs = this.#producers.plan(1 + this.#below(4), nowMs);
    const isLogAppendTime = this.#config.messageTimestampType === "LogAppendTime";
    let results: readonly (AppendedRun | Failure)[] | null = null;
    try {
      results = this.#partition.append(runs.map((run) => run.bytes.slice(0)));
    } catch {
      this.#startAnew();
    }
    const isWritten = results !== null || this.#partition.log.highWatermark > this.#model.endOffset;
    if (!isWritten) this.#producers.forgetPlan();
    for (const [index, run] of isWritten ? runs.entries() : []) this.#appendToModel(run, isLogAppendTime ? nowMs : null, results?.[index]);
  }

  /** Lets some calls of the archive go on. */
  async goOn(): Promise<void> {
    for (let count = 1 + this.#below(8); count > 0; count--) await this.#turns.next();
  }

  read(): void {
    const { logStartOffset, endOffset } = this.#model;
    const start = this.#below(20) === 0 ? this.#below(endOffset + 3) : logStartOffset + this.#below(endOffset - logStartOffset + 1);
    const limits = { maxBytes: 1 + this.#below(4000), maxRecords: 1 + this.#below(100) };
    this.#begin(async (mayFail) => {
      const result = await this.#partition.read({ start, ...limits });
      if (!isFailure(result)) return this.#checkRead(result, start, endOffset);
      const isOutside = start < this.#storedLogStart || start > endOffset;
      if (result.error === "OFFSET_OUT_OF_RANGE" ? !isOutside : !isOutside && !mayFail())
        throw new Error(`a read at ${start} failed: ${describe(result)}`);
    });
  }

  find(): void {
    const known = { start: this.#model.logStartOffset, end: this.#model.endOffset };
    const timestamp = this.#nowMs - 200_000 + this.#below(220_000);
    this.#begin(async (mayFail) => {
      const found = await this.#partition.find({ timestamp });
      if (isFailure(found)) {
        if (!mayFail()) throw new Error(`a lookup failed: ${describe(found)}`);
        return;
      }
      const { records } = this.#model;
      const logStartOffset = this.#storedLogStart;
      const end = found.offset === -1 ? known.end : found.offset;
      const passed = records.slice(logStartOffset, end).findIndex((record) => record.timestamp >= timestamp);
      if (passed >= 0) throw new Error(`a lookup of ${timestamp} answered ${found.offset}, but ${logStartOffset + passed} is first`);
      if (found.offset === -1) return;
      if (found.offset < known.start) throw new Error(`a lookup found ${found.offset}, before the log start ${known.start}`);
      equal(found.timestamp, records[found.offset]!.timestamp, `timestamp found at ${found.offset}`);
      if (found.timestamp < timestamp) throw new Error(`a lookup of ${timestamp} found ${found.timestamp}`);
    });
  }

  /** Sometimes twice: a second run while the first is under way. */
  ring(): void {
    for (let count = this.#below(4) === 0 ? 2 : 1; count > 0; count--) this.#begin(() => this.#partition.ring());
  }

  roll(): void {
    this.#orDropped(() => this.#partition.roll());
  }

  truncate(): void {
    const { logStartOffset, endOffset } = this.#model;
    const offset = this.#below(4) === 0 ? endOffset : logStartOffset + this.#below(endOffset - logStartOffset + 1);
    this.#orDropped(() => this.#partition.truncate(offset));
    if (this.#storedLogStart === offset || this.#partition.isRunning) this.#model.logStartOffset = Math.max(offset, logStartOffset);
  }

  configure(): void {
    const keys = Object.keys(CONFIGS);
    const key = keys[this.#below(keys.length)]!;
    const values = CONFIGS[key]!;
    this.#configs = { ...this.#configs, [key]: values[this.#below(values.length)]! };
    this.#configVersion++;
    this.#orDropped(() => this.#partition.setConfigs(this.#configVersion, this.#configs));
  }

  moveClock(): void {
    const back = this.#below(5) === 0;
    this.#setClock(this.#nowMs + (back ? -this.#below(120_000) : this.#below(30_000)));
  }

  restart(): void {
    this.#partition.end(this.#below(2) === 0 ? "killed" : "superseded");
  }

  /** Without faults, everything gets done: what is due is gone, what may be archived is, and the archive has that and nothing else. */
  async settle(): Promise<void> {
    await this.#turns.all();
    this.#partition.end("killed");
    this.#startAnew();
    for (let round = 0; round === 0 || this.#isDue; round++) {
      if (round === 10) throw new Error("the alarm rings again and again");
      if (round > 0) this.#setClock(Math.max(this.#nowMs, this.#partition.alarmMs!));
      this.#begin(() => this.#partition.ring());
      await this.#turns.all();
      this.#acceptExpiry([this.#config], this.#boundaries);
    }
    const { disk, bucket } = this.#partition;
    const segments = [...disk.segmentsFrom(0)];
    const archived = segments.filter(({ place }) => place === 2 || place === 3).length;
    equal(archived, Math.max(segments.length - 1, 0), "segments in the archive");
    equal(bucket.objects.size, archived * 3, "objects in the archive");
    const oldest = segments[0];
    if (oldest !== undefined && archived > 0 && isExpired(this.#model, oldest.baseOffset, oldest.endOffset, this.#config, this.#nowMs))
      throw new Error(`segment ${oldest.baseOffset} expired and is there`);
    await this.#readAll();
  }

  // ----------------------------------------------------------------------------------------------------------------- checks

  #check(configBefore: TopicConfig, boundariesBefore: readonly number[]): void {
    if (this.#failures.length > 0) throw this.#failures[0];
    const { disk, bucket, log } = this.#partition;
    this.#boundaries = [...disk.segmentsFrom(0)].map((segment) => segment.baseOffset);
    this.#acceptExpiry([configBefore, this.#config], boundariesBefore);
    equal(log.logStartOffset, this.#model.logStartOffset, "log start offset");
    equal(log.highWatermark, this.#model.endOffset, "high watermark");
    this.#manifest.run(this.#model, disk, bucket);
    this.#checkAlarm();
  }

  #acceptExpiry(configs: readonly TopicConfig[], boundariesBefore: readonly number[]): void {
    const stored = this.#storedLogStart;
    if (stored === this.#model.logStartOffset) return;
    const now = [...this.#partition.disk.segmentsFrom(0)].map((segment) => segment.baseOffset);
    checkExpiry(this.#model, stored, [...boundariesBefore, ...now], { configs, nowMs: this.#latestMs });
    this.#model.logStartOffset = stored;
  }

  /** Whatever is left to do, an alarm is set that does it in time. */
  #checkAlarm(): void {
    if (this.#partition.isRinging) return;
    const sealed = [...this.#partition.disk.segmentsFrom(0)].filter(({ place }) => place !== 0);
    const isUndone = sealed.some(({ place }) => place === 1 || place === 4);
    const expires = this.#config.cleanupPolicy.includes("delete") && this.#config.retentionMs >= 0 ? sealed[0] : undefined;
    const dueMs = isUndone ? 0 : expires === undefined ? Number.POSITIVE_INFINITY : expires.maxTimestamp + this.#config.retentionMs;
    const latestMs = Math.max(dueMs, this.#latestMs + LAST_RETRY_MS);
    const { alarmMs } = this.#partition;
    if ((alarmMs ?? Number.POSITIVE_INFINITY) > latestMs) throw new Error(`the alarm is set to ${alarmMs}, though work is due at ${dueMs}`);
  }

  /** Ahead of the model's within a step. */
  get #storedLogStart(): number {
    return this.#partition.disk.loadState()!.logStartOffset;
  }

  get #isDue(): boolean {
    const { alarmMs } = this.#partition;
    return alarmMs !== null && alarmMs <= this.#nowMs + 1000;
  }

  #checkRead(result: ReadResult, start: number, endBefore: number): void {
    equal(result.startOffset, start, "start of a read");
    if (result.nextOffset > this.#model.endOffset) throw new Error(`a read ends at ${result.nextOffset}, beyond the log`);
    if (result.nextOffset <= start && start < endBefore) throw new Error(`a read at ${start} came to nothing`);
    checkRecords(this.#core, result.batches, start, result.nextOffset, this.#model);
  }

  async #readAll(): Promise<void> {
    const { logStartOffset, endOffset } = this.#model;
    for (let start = logStartOffset; start < endOffset; ) {
      const reading = this.#partition.read({ start, maxBytes: 3000, maxRecords: 500 });
      await this.#turns.all();
      const result: ReadResult | ReadFailure = await reading;
      if (isFailure(result)) throw new Error(`a read at ${start} failed: ${describe(result)}`);
      this.#checkRead(result, start, endOffset);
      start = result.nextOffset;
    }
  }

  // ---------------------------------------------------------------------------------------------------------------- the rest

  get #config(): TopicConfig {
    return configsOf(this.#configs);
  }

  /** Begins something that ends in a later step; `mayFail` tells whether a fault may have got in its way. */
  #begin(work: (mayFail: () => boolean) => Promise<unknown>): void {
    const { injected } = this.plan;
    const mayFail = (): boolean => this.plan.injected > injected;
    work(mayFail).catch((error) => this.#failures.push(error));
  }

  /** A change that a fault cuts off leaves the instance dropped. */
  #orDropped(change: () => void): void {
    try {
      change();
    } catch {
      if (this.#partition.isRunning) throw new Error("the instance whose change failed goes on");
    }
  }

  #appendToModel(run: PlannedRun, logAppendTimeMs: number | null, result: AppendedRun | Failure | undefined): void {
    const baseOffset = this.#producers.accept(run, this.#model, logAppendTimeMs);
    if (result === undefined) return;
    if (isFailure(result)) throw new Error(`an append was refused: ${describe(result)}`);
    equal(result.baseOffset, baseOffset, "offset of an append");
    equal(result.logAppendTimeMs, logAppendTimeMs ?? -1, "log append time");
  }

  #startAnew(): void {
    const { chance } = this.plan;
    for (;;) {
      try {
        this.#partition.start(this.#configs);
        break;
      } catch {
        this.plan.chance = 0;
      }
    }
    this.plan.chance = 0;
    const { leaderEpoch, topicVersion } = this.#partition.log.state;
    if (leaderEpoch <= this.#leaderEpoch) throw new Error(`leader epoch ${leaderEpoch} after ${this.#leaderEpoch}`);
    this.#leaderEpoch = leaderEpoch;
    if (topicVersion < this.#configVersion) this.#partition.setConfigs(this.#configVersion, this.#configs);
    this.plan.chance = chance;
  }

  #setClock(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#latestMs = Math.max(this.#latestMs, nowMs);
    vi.setSystemTime(nowMs);
  }

  #pickStep(): StepName {
    let left = this.#random() * STEPS.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, name] of STEPS) {
      left -= weight;
      if (left < 0) return name;
    }
    return "goOn";
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

function describe(refused: Failure): string {
  return `${refused.error}: ${refused.detail}`;
}
