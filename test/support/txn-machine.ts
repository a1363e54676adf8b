// Takes random steps with a partition whose producers use transactions, under faults: begins, markers of both kinds, fencing, batches that
// come too late, seals, tiering, compaction, expiry and restarts. Some producers have an epoch for each transaction (KIP-890, part 2), and
// some take to it, or leave it, on the way. After each it compares what is decided, and what a reader of committed
// records gets, with the model (txn-model.ts).

import { vi } from "vitest";
import type { ReadFailure, ReadResult } from "../../src/broker/ports.ts";
import { type Failure, isFailure } from "../../src/common/errors.ts";
import type { AppendedRun, AppendItem } from "../../src/log/append-plan.ts";
import type { Unverified } from "../../src/log/producer-state.ts";
import type { RecordTools } from "../../src/log/record-tools.ts";
import { batchHeaders, isControl } from "../../src/record/record-batch.ts";
import type { Core } from "../../src/wasm/core.ts";
import { afterMicrotasks, FaultPlan, Turns } from "./faulty-stores.ts";
import { PartitionUnderFaults } from "./partition-under-faults.ts";
import { RandomSteps } from "./random-steps.ts";
import { equal } from "./stored-log.ts";
import { checkAborted, checkTxnIndexes } from "./txn-checks.ts";
import { TxnModel } from "./txn-model.ts";
import { type PlannedItem, type TxnProducer, TxnProducers } from "./txn-producers.ts";

const START_MS = 1_790_000_000_000;
const FAULT_CHANCE = 0.003;

/** Alarms in a row without which a settled partition has nothing more to do now. */
const MAX_SETTLING_RINGS = 10;

const CONFIGS: Readonly<Record<string, readonly string[]>> = {
  "segment.bytes": ["300", "1000", "3000"],
  "index.interval.bytes": ["0", "300", "4096"],
  "cleanup.policy": ["delete", "compact", "compact", "compact", "compact,delete"],
  "retention.ms": ["-1", "604800000", "60000"],
  "local.retention.ms": ["-2", "0", "10000"],
  "min.cleanable.dirty.ratio": ["0", "0.3"],
  "delete.retention.ms": ["0", "0", "0", "20000"],
  "message.timestamp.type": ["CreateTime", "CreateTime", "LogAppendTime"],
};

const STEPS: readonly (readonly [weight: number, name: StepName])[] = [
  [30, "append"],
  [10, "endTransactions"],
  [3, "fence"],
  [2, "changeWay"],
  [3, "comeLate"],
  [3, "repeatMarker"],
  [45, "goOn"],
  [15, "read"],
  [9, "ring"],
  [3, "roll"],
  [1, "truncate"],
  [2, "configure"],
  [4, "moveClock"],
  [3, "restart"],
  [2, "settle"],
];

type StepName =
  | ("append" | "endTransactions" | "fence" | "changeWay" | "comeLate" | "repeatMarker" | "goOn" | "read")
  | ("ring" | "roll" | "truncate" | "configure" | "moveClock" | "restart" | "settle");

export class TxnMachine {
  readonly plan: FaultPlan;
  readonly model = new TxnModel();
  readonly #core: Core;
  readonly #tools: RecordTools;
  readonly #steps: RandomSteps<StepName>;
  readonly #turns: Turns;
  readonly #partition: PartitionUnderFaults;
  readonly #failures: unknown[] = [];
  readonly #producers: TxnProducers;
  #configs: Readonly<Record<string, string>> = { "segment.bytes": "1000", "index.interval.bytes": "300" };
  #configVersion = 1;
  #nowMs = START_MS;

  constructor(core: Core, tools: RecordTools, seed: number) {
    this.#core = core;
    this.#tools = tools;
    this.#steps = new RandomSteps(seed, STEPS);
    this.plan = new FaultPlan(this.#steps.random);
    this.#turns = new Turns(this.#steps.random);
    this.#partition = new PartitionUnderFaults(this.plan, this.#turns);
    this.#producers = new TxnProducers(core, this.model, { below: (limit) => this.#below(limit), now: () => this.#nowMs });
    this.#setClock(START_MS);
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#steps.counts;
  }

  /** What compaction yields to. */
  yieldTurn(): Promise<void> {
    return this.#turns.wait();
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
    this.#check();
  }

  // ------------------------------------------------------------------------------------------------------------------ steps

  append(): void {
    const producers = this.#producers.all.filter(() => this.#below(3) === 0);
    const planned = producers.flatMap((producer) => this.#planTransactional(producer) ?? []);
    for (let count = this.#below(3); count > 0; count--) planned.push(this.#producers.planPlain());
    this.#write(planned);
  }

  /** Of several producers in one append, with other appends around them. */
  endTransactions(): void {
    const producers = this.#producers;
    const open = producers.all.filter(({ producerId }) => this.model.openTransaction(producerId) !== null && this.#below(2) === 0);
    const late = open.map((producer) => producers.encode(producer, producers.newRecords()));
    const raised = () => this.#steps.count("epochs that ended");
    const markers = open.map((producer) => producers.planEnd(producer, this.#below(2) === 0, raised));
    if (!this.#write([producers.planPlain(), ...markers, producers.planPlain()])) return;
    for (const [index, { hasOwnEpochs }] of open.entries()) if (hasOwnEpochs) this.#expectFenced(late[index]!);
  }

  /** The coordinator aborts in a newer epoch: what the producer still sends is refused. */
  fence(): void {
    const producers = this.#producers;
    const producer = this.#anyProducer();
    const late = producers.encode(producer, producers.newRecords());
    if (this.#write([producers.planRaised(producer, false, () => {})])) this.#expectFenced(late);
  }

  /** Its next transaction ends in the other way. */
  changeWay(): void {
    const producer = this.#anyProducer();
    producer.hasOwnEpochs = !producer.hasOwnEpochs;
  }

  /** A verified batch that comes after its transaction has ended does not begin one that nobody would end. */
  comeLate(): void {
    const producer = this.#anyProducer();
    if (this.model.openTransaction(producer.producerId) !== null) return;
    const guard = this.#verify(producer);
    if (guard === null || !this.#sendMarker(producer)) return;
    const [late] = this.#tryAppend([this.#producers.verified(producer, this.#producers.newRecords(), guard)]) ?? [];
    if (late !== undefined && !isUnverified(late)) throw new Error(`a batch that came late was answered ${JSON.stringify(late)}`);
  }

  repeatMarker(): void {
    const producer = this.#anyProducer();
    if (this.model.openTransaction(producer.producerId) === null) this.#sendMarker(producer);
  }

  async goOn(): Promise<void> {
    for (let count = 1 + this.#below(10); count > 0; count--) await this.#turns.next();
  }

  read(): void {
    const { logStartOffset, endOffset, lastStableOffset } = this.model;
    const start = logStartOffset + this.#below(endOffset - logStartOffset + 1);
    const limits = { maxBytes: 1 + this.#below(4000), maxRecords: 1 + this.#below(100) };
    const { injected } = this.plan;
    this.#begin(async () => {
      const result = await this.#partition.read({ start, ...limits });
      if (!isFailure(result)) return this.#checkRead(result, start, lastStableOffset);
      const mayFail = this.plan.injected > injected || this.model.isCompacted || start < this.#partition.storedLogStart;
      if (!mayFail) throw new Error(`a read at ${start} failed: ${result.error}: ${result.detail}`);
    });
  }

  ring(): void {
    this.#begin(() => this.#partition.ring());
  }

  roll(): void {
    this.#partition.change(() => this.#partition.roll());
  }

  /** An open transaction's batches may be deleted too, as in Kafka. */
  truncate(): void {
    const { logStartOffset, endOffset } = this.model;
    this.#partition.change(() => this.#partition.truncate(logStartOffset + this.#below(endOffset - logStartOffset + 1)));
  }

  configure(): void {
    const key = this.#steps.anyOf(Object.keys(CONFIGS));
    const value = this.#steps.anyOf(CONFIGS[key]!);
    this.#configs = { ...this.#configs, [key]: value };
    this.#configVersion++;
    this.model.isCompacted ||= value.includes("compact");
    this.#partition.change(() => this.#partition.setConfigs(this.#configVersion, this.#configs));
  }

  moveClock(): void {
    this.#setClock(this.#nowMs + this.#below(30_000));
  }

  restart(): void {
    this.#partition.end(this.#below(2) === 0 ? "killed" : "superseded");
  }

  /** Without faults, everything that is due gets done; then all of the log is read. */
  async settle(): Promise<void> {
    await this.#turns.all();
    this.#partition.end("killed");
    this.#startAnew();
    for (let round = 0; round === 0 || (round < MAX_SETTLING_RINGS && this.#partition.isDue(this.#nowMs)); round++) {
      if (round > 0) this.#setClock(Math.max(this.#nowMs, this.#partition.alarmMs!));
      this.#begin(() => this.#partition.ring());
      await this.#turns.all();
    }
    this.model.logStartOffset = Math.max(this.model.logStartOffset, this.#partition.storedLogStart);
    for (let count = checkTxnIndexes(this.#partition, this.model); count > 0; count--) this.#steps.count("transaction indexes");
    const markers = await this.#readAll();
    if (checkAborted(this.#partition, this.model, markers)) this.#steps.count("forgotten aborts");
  }

  /** All that is decided. @returns the offsets of the markers that are left */
  async #readAll(): Promise<ReadonlySet<number>> {
    const markers = new Set<number>();
    for (let start = this.model.logStartOffset; start < this.model.lastStableOffset; ) {
      const reading = this.#partition.read({ start, maxBytes: 3000, maxRecords: 500 });
      await this.#turns.all();
      const result: ReadResult | ReadFailure = await reading;
      if (isFailure(result)) throw new Error(`a read at ${start} failed: ${result.error}: ${result.detail}`);
      this.#checkRead(result, start, this.model.lastStableOffset);
      for (const header of batchHeaders(new Uint8Array(result.batches)))
        if (isControl(header) && header.recordCount > 0) markers.add(header.baseOffset);
      start = result.nextOffset;
    }
    return markers;
  }

  // ----------------------------------------------------------------------------------------------------------------- checks

  #check(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
    const { log } = this.#partition;
    if (log.logStartOffset < this.model.logStartOffset) throw new Error(`the log start went back to ${log.logStartOffset}`);
    this.model.logStartOffset = log.logStartOffset;
    equal(log.highWatermark, this.model.endOffset, "high watermark");
    equal(log.lastStableOffset, this.model.lastStableOffset, "last stable offset");
    for (const { producerId, currentTxnStartOffset } of log.describeProducers())
      equal(currentTxnStartOffset, this.model.openTransaction(producerId)?.firstOffset ?? -1, `open transaction of producer ${producerId}`);
  }

  #checkRead(result: ReadResult, start: number, stableBefore: number): void {
    this.#steps.count("reads checked");
    if (result.abortedTransactions?.length) this.#steps.count("reads with aborts");
    equal(result.startOffset, start, "start of a read");
    if (result.nextOffset <= start && start < stableBefore) throw new Error(`a read at ${start} came to nothing`);
    this.model.checkRead(this.#core, this.#tools, result, start);
  }

  // ---------------------------------------------------------------------------------------------------------------- writing

  /** null where the partition was lost on the way. */
  #planTransactional(producer: TxnProducer): PlannedItem | null {
    const records = this.#producers.newRecords();
    const guard = this.model.openTransaction(producer.producerId) === null ? this.#verify(producer) : undefined;
    return guard === null ? null : this.#producers.planTransactional(producer, records, guard);
  }

  #expectFenced(late: ArrayBuffer): void {
    const [refused] = this.#tryAppend([late]) ?? [];
    if (refused !== undefined) equal(isFailure(refused) && refused.error, "INVALID_PRODUCER_EPOCH", "a fenced producer's batch");
  }

  /** The guard of a producer's next transaction; null where the partition was lost on the way. */
  #verify(producer: TxnProducer): number | null {
    const [answer] = this.#tryAppend([this.#producers.encode(producer, this.#producers.newRecords())]) ?? [];
    if (answer === undefined) return null;
    if (!isUnverified(answer)) throw new Error(`a transaction began without its verification: ${JSON.stringify(answer)}`);
    return answer.needsVerification;
  }

  /** Ends a transaction that is not open: written where the partition does not know the producer's epoch yet. @returns whether it was answered */
  #sendMarker({ producerId, producerEpoch }: Pick<TxnProducer, "producerId" | "producerEpoch">): boolean {
    const known = this.#partition.log.describeProducers().find((one) => one.producerId === producerId);
    const isKnown = known?.producerEpoch === producerEpoch && known.coordinatorEpoch === 0;
    if (!isKnown) return this.#write([this.#producers.planMarker({ producerId, producerEpoch }, false)]);
    return this.#tryAppend([{ producerId, producerEpoch, coordinatorEpoch: 0, isCommit: false }]) !== null;
  }

  /** Writes all in one append. @returns whether it is written, whatever was answered */
  #write(planned: readonly PlannedItem[]): boolean {
    if (planned.length === 0) return true;
    const results = this.#tryAppend(planned.map(({ item }) => item));
    const isWritten = results !== null || this.#partition.log.highWatermark > this.model.endOffset;
    for (const [index, { accept }] of isWritten ? planned.entries() : []) {
      const result = results?.[index];
      if (result !== undefined && isFailure(result)) throw new Error(`an append was refused: ${result.error}: ${result.detail}`);
      if (result !== undefined) equal(result.baseOffset, this.model.endOffset, "offset of an append");
      accept();
    }
    return isWritten;
  }

  /** null where a fault ended the instance. */
  #tryAppend(items: readonly AppendItem[]): readonly (AppendedRun | Failure)[] | null {
    try {
      return this.#partition.append(items);
    } catch {
      this.#startAnew();
      return null;
    }
  }

  // ---------------------------------------------------------------------------------------------------------------- the rest

  #anyProducer(): TxnProducer {
    return this.#steps.anyOf(this.#producers.all);
  }

  #begin(work: () => Promise<unknown>): void {
    work().catch((error) => this.#failures.push(error));
  }

  #startAnew(): void {
    const { chance } = this.plan;
    this.plan.chance = 0;
    this.#partition.start(this.#configs);
    if (this.#partition.log.state.topicVersion < this.#configVersion) this.#partition.setConfigs(this.#configVersion, this.#configs);
    this.plan.chance = chance;
  }

  #setClock(nowMs: number): void {
    this.#nowMs = nowMs;
    vi.setSystemTime(nowMs);
  }

  #below(limit: number): number {
    return this.#steps.below(limit);
  }
}

function isUnverified(answer: AppendedRun | Failure): answer is Unverified {
  return "needsVerification" in answer;
}
