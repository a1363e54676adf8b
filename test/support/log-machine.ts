// Takes random steps with a partition under faults, and after each compares what is stored (stored-log.ts) with the models (log-model.ts,
// compaction-model.ts). Reads, lookups and runs of maintenance begin in one step and end in a later one, as the archive gets round to
// them, while the log goes on.

import { vi } from "vitest";
import type { ReadFailure, ReadResult } from "../../src/broker/ports.ts";
import type { TopicConfig } from "../../src/common/configs.ts";
import { type Failure, isFailure } from "../../src/common/errors.ts";
import type { AppendedRun } from "../../src/log/partition-log.ts";
import type { Core } from "../../src/wasm/core.ts";
import { CompactionModel, isCompacted } from "./compaction-model.ts";
import { afterMicrotasks, FaultPlan, Turns } from "./faulty-stores.ts";
import { checkExpiry, configsOf, type Interval, LogModel } from "./log-model.ts";
import { checkAlarm, checkRead, checkSettled, isSoonCompacted } from "./partition-checks.ts";
import { PartitionUnderFaults } from "./partition-under-faults.ts";
import { ModelProducers, type PlannedRun } from "./planned-runs.ts";
import { RandomSteps } from "./random-steps.ts";
import { DELETING, equal, readBatches, StoredLog, StoredLogReader } from "./stored-log.ts";

const START_MS = 1_790_000_000_000;

/** Of a fault at each call of a store, while there are faults. */
const FAULT_CHANCE = 0.004;

/** Rounds of the alarm until nothing is due: a compaction is done a little at a time. */
const MAX_ROUNDS = 400;

const FIRST_CONFIGS = {
  ...{ "segment.bytes": "1000", "index.interval.bytes": "300" },
  ...{ "min.cleanable.dirty.ratio": "0", "delete.retention.ms": "5000" },
};

/** Values that configs change to. */
const CONFIGS: Readonly<Record<string, readonly string[]>> = {
  "segment.bytes": ["14", "300", "1000", "3000"],
  "segment.ms": ["1000", "60000", "604800000"],
  "segment.jitter.ms": ["0", "5000", "9223372036854775807"],
  "segment.index.bytes": ["16", "10485760"],
  "index.interval.bytes": ["0", "50", "300", "4096"],
  "retention.ms": ["-1", "5000", "120000", "604800000"],
  "retention.bytes": ["-1", "2000", "10000"],
  "local.retention.ms": ["-2", "0", "10000"],
  "local.retention.bytes": ["-2", "0", "3000"],
  "cleanup.policy": ["delete", "compact", "compact,delete", ""],
  "min.cleanable.dirty.ratio": ["0", "0", "0.5"],
  "min.compaction.lag.ms": ["0", "0", "20000"],
  "max.compaction.lag.ms": ["30000", "9223372036854775807"],
  "delete.retention.ms": ["5000", "60000"],
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
  readonly #steps: RandomSteps<StepName>;
  readonly #turns: Turns;
  readonly #partition: PartitionUnderFaults;
  readonly #model = new LogModel();
  readonly #compaction = new CompactionModel(this.#model);
  readonly #producers: ModelProducers;
  readonly #reader: StoredLogReader;
  readonly #failures: unknown[] = [];
  #configs: Readonly<Record<string, string>>;
  #configVersion = 1;
  #nowMs = START_MS;
  #latestMs = START_MS;
  #leaderEpoch = -1;
  #lives = 0;
  /** Whether this life has written records: no other may bear its leader epoch. */
  #hasWritten = false;
  /** As it was looked at last. */
  #stored = new StoredLog();
  /** Since the maintenance began that is under way, or since the last look. */
  #interval: { configs: TopicConfig[]; earliestMs: number };

  constructor(core: Core, seed: number, cleanupPolicy: string) {
    this.#core = core;
    this.#steps = new RandomSteps(seed, STEPS);
    const lagMs = this.#below(3) === 0 ? "20000" : "0";
    this.#configs = { ...FIRST_CONFIGS, "cleanup.policy": cleanupPolicy, "min.compaction.lag.ms": lagMs };
    this.#interval = { configs: [this.#config], earliestMs: START_MS };
    this.plan = new FaultPlan(this.#steps.random);
    this.#turns = new Turns(this.#steps.random);
    this.#partition = new PartitionUnderFaults(this.plan, this.#turns);
    this.#producers = new ModelProducers(core, this.#steps.random);
    this.#reader = new StoredLogReader(core);
    vi.stubGlobal("scheduler", { wait: () => this.#turns.wait() }); // where compaction lets others have their turn
    this.#setClock(START_MS);
  }

  get recordCount(): number {
    return this.#model.endOffset;
  }

  /** What was compacted away. */
  get compacted(): CompactionModel["counts"] {
    return this.#compaction.counts;
  }

  async run(stepCount: number): Promise<void> {
    this.#startAnew();
    await this.#steps.run(stepCount, (name) => this.#step(name));
    await this.#step("settle");
  }

  async #step(name: StepName): Promise<void> {
    this.#steps.count(name);
    this.plan.chance = name === "settle" ? 0 : FAULT_CHANCE;
    await this[name]();
    this.plan.chance = 0;
    await afterMicrotasks();
    if (!this.#partition.isRunning) this.#startAnew();
    await afterMicrotasks(); // by which the new instance has set its alarm
    this.#look();
  }

  // ------------------------------------------------------------------------------------------------------------------ steps

  append(): void {
    const nowMs = this.#nowMs;
    const runs = this.#producers.plan(1 + this.#below(4), { nowMs, areKeyed: isCompacted(this.#config) });
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
    const begun = this.#readStored();
    this.#begin(async (mayFail) => {
      const result = await this.#partition.read({ start, ...limits });
      if (!isFailure(result)) return this.#checkRead(result, start, begun);
      const isOutside = start < this.#partition.storedLogStart || start > endOffset;
      if (result.error === "OFFSET_OUT_OF_RANGE" ? !isOutside : !isOutside && !mayFail())
        throw new Error(`a read at ${start} failed: ${describe(result)}`);
    });
  }

  find(): void {
    const known = { start: this.#model.logStartOffset, end: this.#model.endOffset, stored: this.#readStored() };
    const timestamp = this.#nowMs - 200_000 + this.#below(220_000);
    this.#begin(async (mayFail) => {
      const found = await this.#partition.find({ timestamp });
      if (isFailure(found)) {
        if (!mayFail()) throw new Error(`a lookup failed: ${describe(found)}`);
        return;
      }
      const end = found.offset === -1 ? known.end : found.offset;
      const inRange = this.#readStored().recordsBetween(this.#partition.storedLogStart, end);
      const passed = inRange.find((record) => record.timestamp >= timestamp);
      if (passed !== undefined) throw new Error(`a lookup of ${timestamp} answered ${found.offset}, but ${passed.offset} is first`);
      if (found.offset === -1) return;
      if (found.offset < known.start) throw new Error(`a lookup found ${found.offset}, before the log start ${known.start}`);
      const wasGone = found.offset < known.end && !known.stored.records.has(found.offset);
      if (wasGone) throw new Error(`a lookup found ${found.offset}, which was gone before it began`);
      equal(found.timestamp, this.#model.records[found.offset]!.timestamp, `timestamp found at ${found.offset}`);
      if (found.timestamp < timestamp) throw new Error(`a lookup of ${timestamp} found ${found.timestamp}`);
    });
  }

  /** Sometimes twice: a second run while the first is under way. */
  ring(): void {
    for (let count = this.#below(4) === 0 ? 2 : 1; count > 0; count--) this.#begin(() => this.#partition.ring());
  }

  roll(): void {
    this.#partition.change(() => this.#partition.roll());
  }

  truncate(): void {
    const { logStartOffset, endOffset } = this.#model;
    const offset = this.#below(4) === 0 ? endOffset : logStartOffset + this.#below(endOffset - logStartOffset + 1);
    this.#partition.change(() => this.#partition.truncate(offset));
    if (this.#partition.storedLogStart === offset || this.#partition.isRunning)
      this.#model.logStartOffset = Math.max(offset, logStartOffset);
  }

  configure(): void {
    const key = this.#steps.anyOf(Object.keys(CONFIGS));
    this.#configs = { ...this.#configs, [key]: this.#steps.anyOf(CONFIGS[key]!) };
    this.#configVersion++;
    this.#interval.configs.push(this.#config);
    this.#partition.change(() => this.#partition.setConfigs(this.#configVersion, this.#configs));
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
    for (let round = 0; round === 0 || this.#partition.isDue(this.#nowMs); round++) {
      if (round === MAX_ROUNDS) throw new Error("the alarm rings again and again");
      if (round > 0) this.#setClock(Math.max(this.#nowMs, this.#partition.alarmMs!));
      this.#begin(() => this.#partition.ring());
      await this.#turns.all();
      this.#look();
    }
    checkSettled(this.#partition, this.#stored, this.#config, this.#nowMs);
    if (isSoonCompacted(this.#config)) this.#compaction.checkDone(this.#stored);
    await this.#readAll();
  }

  // ----------------------------------------------------------------------------------------------------------------- checks

  /** Looks at what is stored, and holds it against the models. */
  #look(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
    const { disk, log } = this.#partition;
    const { cleaner } = disk.loadState()!;
    const now = this.#readStored();
    const interval: Interval = { ...this.#interval, before: this.#stored, now, latestMs: this.#latestMs };
    if (this.#partition.storedLogStart !== this.#model.logStartOffset) {
      checkExpiry(this.#model, this.#partition.storedLogStart, interval, (offset) => this.#compaction.mayVanish(offset, interval, cleaner));
      this.#model.logStartOffset = this.#partition.storedLogStart;
    }
    equal(log.logStartOffset, this.#model.logStartOffset, "log start offset");
    equal(log.highWatermark, this.#model.endOffset, "high watermark");
    this.#checkManifest(now);
    this.#compaction.check(interval, cleaner);
    checkAlarm(this.#partition, this.#config, this.#latestMs);
    this.#stored = now;
    if (this.#partition.isIdle && cleaner.round === null) this.#interval = { configs: [this.#config], earliestMs: this.#nowMs };
  }

  #checkManifest(now: StoredLog): void {
    const { logStartOffset, endOffset } = this.#model;
    this.#model.checkBatches(now.batches);
    const [first] = now.segments;
    equal(now.endOffset, endOffset, "end of the last segment");
    if ((first?.segment.baseOffset ?? 0) > logStartOffset) throw new Error(`no segment has the log start ${logStartOffset}`);
    for (const { baseOffset, endOffset, place } of this.#partition.disk.segmentsFrom(0)) {
      const isEarly = place === DELETING && endOffset > logStartOffset;
      if (isEarly) throw new Error(`segment ${baseOffset} is going, but the log starts before its end`);
    }
  }

  #readStored(): StoredLog {
    return this.#reader.read(this.#partition.disk, this.#partition.bucket);
  }

  #checkRead(result: ReadResult, start: number, begun: StoredLog): void {
    equal(result.startOffset, start, "start of a read");
    const batches = readBatches(this.#core, new Uint8Array(result.batches));
    this.#model.checkBatches(batches);
    const read = batches.flatMap(({ records }) => records.map(({ offset }) => offset)).filter((offset) => offset >= start);
    checkRead(read, { start, nextOffset: result.nextOffset }, { begun, ended: this.#readStored() });
  }

  async #readAll(): Promise<void> {
    const { logStartOffset, endOffset } = this.#model;
    for (let start = logStartOffset; start < endOffset; ) {
      const reading = this.#partition.read({ start, maxBytes: 3000, maxRecords: 500 });
      await this.#turns.all();
      const result: ReadResult | ReadFailure = await reading;
      if (isFailure(result)) throw new Error(`a read at ${start} failed: ${describe(result)}`);
      this.#checkRead(result, start, this.#stored);
      start = result.nextOffset;
    }
  }

  // ---------------------------------------------------------------------------------------------------------------- the rest

  get #config(): TopicConfig {
    return configsOf(this.#configs);
  }

  /**
   * Begins something that ends in a later step; `mayFail` tells whether a fault may have got in its way, or a newer instance, whose
   * manifest the one that was asked does not know.
   */
  #begin(work: (mayFail: () => boolean) => Promise<unknown>): void {
    const lives = this.#lives;
    const { injected } = this.plan;
    const mayFail = (): boolean => this.plan.injected > injected || this.#lives > lives;
    work(mayFail).catch((error) => this.#failures.push(error));
  }

  #appendToModel(run: PlannedRun, logAppendTimeMs: number | null, result: AppendedRun | Failure | undefined): void {
    const baseOffset = this.#producers.accept(run, this.#model, logAppendTimeMs);
    if (result === undefined) return;
    if (isFailure(result)) throw new Error(`an append was refused: ${describe(result)}`);
    this.#hasWritten = true;
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
    const least = this.#hasWritten ? this.#leaderEpoch + 1 : this.#leaderEpoch;
    if (leaderEpoch < least) throw new Error(`leader epoch ${leaderEpoch} after ${this.#leaderEpoch}`);
    this.#leaderEpoch = leaderEpoch;
    this.#hasWritten = false;
    this.#lives++;
    if (topicVersion < this.#configVersion) this.#partition.setConfigs(this.#configVersion, this.#configs);
    this.plan.chance = chance;
  }

  #setClock(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#latestMs = Math.max(this.#latestMs, nowMs);
    this.#interval.earliestMs = Math.min(this.#interval.earliestMs, nowMs);
    vi.setSystemTime(nowMs);
  }

  #below(limit: number): number {
    return this.#steps.below(limit);
  }
}

function describe(refused: Failure): string {
  return `${refused.error}: ${refused.detail}`;
}
