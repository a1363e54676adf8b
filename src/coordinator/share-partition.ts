// One partition of a topic as one share group consumes it (KIP-932's share-partition, kafka.server.share.SharePartition): which records
// were taken from the log, who holds which of them until when, and what is decided. Pure: it is told the time, and what it has to store
// is taken from it (`takeChange`). `accept`, `release` and `reject` are Kafka's; delays and lanes are ours.
//
// Invariants: every offset below endOffset that is not held here is decided. A record has one holder at most, named by its token. Nothing
// is delivered again that was accepted, rejected or given up.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import { SHARE_LOAD_RECORDS } from "../common/limits/share-groups.ts";
import type { ShareSettings } from "../common/share-settings.ts";
import {
  ACQUIRED,
  ARCHIVING,
  AVAILABLE,
  DELIVERED_TOO_OFTEN,
  type GivenUpReason,
  NOT_GIVEN_UP,
  REJECTED,
  type ShareCounters,
  type SharePartitionChange,
  type StoredShareBlock,
  type StoredSharePartition,
  type StoredShareRecord,
} from "../storage/share-partition-store.ts";
import { planAcknowledgements } from "./share-acknowledgements.ts";
import { ShareBlocks } from "./share-blocks.ts";
import { ShareLanes, type TakeLimits } from "./share-lanes.ts";
import type { AcknowledgementBatch, LoadedRecords, Settlement, SettlementAction } from "./share-messages.ts";
import type { ShareRecord } from "./share-record.ts";
import { ShareTimers } from "./share-timers.ts";

export interface AcquireOptions extends TakeLimits {
  readonly leaseMs: number;
  /** Not 0. */
  readonly token: number;
}

type Counter = keyof ShareCounters;

export class SharePartition {
  #stored: StoredSharePartition;
  /** Those that are not decided, by offset. */
  readonly #records = new Map<number, ShareRecord>();
  readonly #blocks = new ShareBlocks();
  readonly #timers = new ShareTimers();
  #lanes: ShareLanes;
  #isDirty = false;
  #archivingCount = 0;
  /** The log's, as it was last heard of. */
  #logStartOffset = 0;

  constructor(stored: StoredSharePartition, blocks: readonly StoredShareBlock[], nowMs: number) {
    this.#stored = stored;
    this.#lanes = new ShareLanes(stored.settings.order);
    for (const { blockId, records } of blocks) {
      const block = this.#blocks.restore(blockId);
      for (const record of records) this.#add(block.add(record), nowMs);
    }
  }

  get stored(): StoredSharePartition {
    return this.#stored;
  }

  get startOffset(): number {
    const [first] = this.#records.keys();
    return first ?? this.#stored.endOffset;
  }

  get endOffset(): number {
    return this.#stored.endOffset;
  }

  get inFlight(): number {
    return this.#records.size;
  }

  get isFull(): boolean {
    return this.room === 0;
  }

  get isPaused(): boolean {
    return this.#stored.settings.paused;
  }

  /** How many records may be loaded. */
  get room(): number {
    return Math.max(0, Math.min(this.#stored.settings.maxInFlight - this.#records.size, SHARE_LOAD_RECORDS));
  }

  /** How many were given up and are not in the dead-letter topic yet. */
  get archivingCount(): number {
    return this.#archivingCount;
  }

  /** By offset. */
  records(): Iterable<ShareRecord> {
    return this.#records.values();
  }

  /** Those that were given up and are not in the dead-letter topic yet, by offset. */
  archiving(): ShareRecord[] {
    return [...this.#records.values()].filter(({ state }) => state === ARCHIVING);
  }

  /** Of the first record that may be handed out; null: there is none. */
  nextReadyOffset(nowMs: number): number | null {
    this.expire(nowMs);
    return this.#lanes.nextReadyOffset(nowMs);
  }

  /** When the next lease or delay ends (ms since the epoch); null: none is under way. */
  nextAtMs(): number | null {
    return this.#timers.nextAtMs();
  }

  /** Takes newer settings over. */
  configure(settings: ShareSettings, settingsVersion: number, nowMs: number): void {
    if (settingsVersion <= this.#stored.settingsVersion) return;
    const isOther = settings.order !== this.#stored.settings.order;
    this.#update({ settings, settingsVersion });
    if (settings.deadLetterTopic === null) for (const record of this.archiving()) this.#settle(record, "archived");
    if (isOther) this.#enqueueAll(nowMs);
  }

  /** Leases and delays that are over. */
  expire(nowMs: number): void {
    for (let record = this.#timers.takeDue(nowMs); record !== undefined; record = this.#timers.takeDue(nowMs)) {
      if (record.state === ACQUIRED) this.#release(record, 0, nowMs);
      else this.#lanes.offer(record, nowMs);
    }
  }

  /** Hands out what may be delivered, up to the limits. */
  acquire({ leaseMs, token, ...limits }: AcquireOptions, nowMs: number): ShareRecord[] {
    this.expire(nowMs);
    const acquired: ShareRecord[] = [];
    this.#lanes.take(limits, nowMs, (record) => {
      record.state = ACQUIRED;
      record.deliveryCount += 1;
      record.token = token;
      this.#setTimer(record, nowMs + leaseMs, nowMs);
      acquired.push(record);
    });
    return acquired;
  }

  /** Takes in what was found in the log. One that does not go on where the last ended, or by the settings as they are, changes nothing. */
  load(loaded: LoadedRecords, nowMs: number): boolean {
    this.#dropBefore(loaded.logStartOffset, nowMs);
    if (loaded.settingsVersion !== this.#stored.settingsVersion) return false;
    if (loaded.fromOffset !== this.#stored.endOffset || loaded.nextOffset <= loaded.fromOffset) return false;
    this.#update({ endOffset: loaded.nextOffset });
    for (const [index, offset] of loaded.offsets.entries()) {
      const block = this.#blocks.blockFor(offset);
      const keyHash = loaded.keyHashes[index]!;
      const atMs = loaded.notBeforeMs?.[index] ?? 0;
      this.#add(block.add({ ...NEW_RECORD, offset, keyHash, sizeBytes: loaded.sizes[index]!, atMs }), nowMs);
      block.isDirty = true;
    }
    return true;
  }

  /** @returns INVALID_RECORD_STATE where the record is not held by who names it (any more) */
  settle(settlement: Settlement, nowMs: number): null | Failure {
    this.expire(nowMs);
    const record = this.#heldBy(settlement.token, settlement.offset);
    if (isFailure(record)) return record;
    this.#apply(record, settlement, nowMs);
    return null;
  }

  /** Kafka's acknowledge: @returns INVALID_RECORD_STATE where a record is not held by who names it (any more), and nothing is done */
  acknowledge(token: number, batches: readonly AcknowledgementBatch[], nowMs: number): null | Failure {
    this.expire(nowMs);
    const planned = planAcknowledgements(batches, (offset) => this.#heldBy(token, offset));
    if (isFailure(planned)) return planned;
    for (const { record, settlement } of planned) {
      const isHeld = record.state === ACQUIRED; // it may have gone back with one before it
      if (isHeld) this.#apply(record, settlement, nowMs);
    }
    return null;
  }

  /** The holder is gone: what it had is delivered again, as though its leases had ended. */
  releaseAll(token: number, nowMs: number): void {
    this.expire(nowMs);
    for (const record of [...this.#records.values()]) {
      if (record.state === ACQUIRED && record.token === token) this.#release(record, 0, nowMs);
    }
  }

  #heldBy(token: number, offset: number): ShareRecord | Failure {
    const record = this.#records.get(offset);
    return record?.state === ACQUIRED && record.token === token ? record : notHeld(offset);
  }

  /** @param record is acquired */
  #apply(record: ShareRecord, settlement: SettlementAction, nowMs: number): void {
    switch (settlement.action) {
      case "accept":
        this.#settle(record, "acknowledged");
        break;
      case "archive":
        this.#settle(record, "archived");
        break;
      case "reject":
        this.#giveUp(record, REJECTED);
        break;
      case "renew":
        this.#setTimer(record, nowMs + (settlement.leaseMs ?? this.#stored.settings.leaseMs), nowMs);
        return;
      case "giveBack":
        this.#giveBack(record, nowMs);
        return;
      case "release":
        this.#release(record, settlement.delayMs, nowMs);
        return;
    }
    this.#lanes.letGo(record, nowMs);
  }

  /** What was given up is in the dead-letter topic, or nowhere if there is nothing to write any more. */
  deadLettered(offsets: readonly number[], counter: "deadLettered" | "archived" = "deadLettered"): void {
    for (const offset of offsets) {
      const record = this.#records.get(offset);
      if (record?.state === ARCHIVING) this.#settle(record, counter);
    }
  }

  setDeadLetters(deadLetters: StoredSharePartition["deadLetters"]): void {
    this.#update({ deadLetters });
  }

  /** Begins anew at an offset: nobody holds anything any more. */
  reset(offset: number): void {
    this.#blocks.clear();
    this.#records.clear();
    this.#archivingCount = 0;
    this.#timers.clear();
    this.#lanes = new ShareLanes(this.#stored.settings.order);
    const { deadLetters } = this.#stored;
    this.#update({ endOffset: offset, deadLetters: deadLetters && { ...deadLetters, sending: null } });
  }

  /** Something differs from what was taken last. */
  get hasChange(): boolean {
    return this.#isDirty || this.#blocks.hasChange;
  }

  /** What is to be stored since the last call; null: nothing. */
  takeChange(): SharePartitionChange | null {
    if (!this.hasChange) return null;
    this.#isDirty = false;
    return { partition: this.#stored, ...this.#blocks.takeChange() };
  }

  /** A lease is over, or its holder gives the record back: another delivery, unless that was the last. */
  #release(record: ShareRecord, delayMs: number, nowMs: number): void {
    const { token } = record;
    if (record.offset < this.#logStartOffset) this.#settle(record, "archived");
    else if (record.deliveryCount >= this.#stored.settings.maxDeliveries) this.#giveUp(record, DELIVERED_TOO_OFTEN);
    else this.#makeAvailable(record, nowMs + delayMs, nowMs);
    for (const later of this.#lanes.acquiredBehind(record, token)) this.#giveBack(later, nowMs);
    this.#lanes.letGo(record, nowMs);
  }

  #giveBack(record: ShareRecord, nowMs: number): void {
    record.deliveryCount -= 1;
    this.#makeAvailable(record, nowMs, nowMs);
    this.#lanes.letGo(record, nowMs);
  }

  #makeAvailable(record: ShareRecord, atMs: number, nowMs: number): void {
    record.state = AVAILABLE;
    record.token = 0;
    if (atMs > nowMs) this.#setTimer(record, atMs, nowMs);
    else record.atMs = atMs;
    this.#touch(record);
  }

  #giveUp(record: ShareRecord, reason: GivenUpReason): void {
    if (this.#stored.settings.deadLetterTopic === null) {
      this.#settle(record, "archived");
      return;
    }
    record.state = ARCHIVING;
    this.#archivingCount += 1;
    record.reason = reason;
    record.token = 0;
    this.#touch(record);
  }

  #settle(record: ShareRecord, counter: Counter): void {
    if (record.state === ARCHIVING) this.#archivingCount -= 1;
    record.block.settle(record);
    this.#records.delete(record.offset);
    this.#touch(record);
    const { counters } = this.#stored;
    const archived = counter === "deadLettered" ? counters.archived + 1 : counters.archived;
    this.#update({ counters: { ...counters, archived, [counter]: counters[counter] + 1 } });
  }

  /** The log has forgotten what is before `offset`: what waits for a delivery is gone; who holds something may still say what became of it. */
  #dropBefore(offset: number, nowMs: number): void {
    if (offset <= this.#logStartOffset) return;
    this.#logStartOffset = offset;
    for (const record of this.#records.values()) {
      if (record.offset >= offset) break;
      if (record.state !== AVAILABLE) continue;
      this.#settle(record, "archived");
      this.#lanes.offer(record, nowMs);
    }
  }

  #add(record: ShareRecord, nowMs: number): void {
    this.#records.set(record.offset, record);
    if (record.state === ARCHIVING) this.#archivingCount += 1;
    this.#lanes.add(record, nowMs);
    this.#timers.add(record, nowMs);
  }

  #setTimer(record: ShareRecord, atMs: number, nowMs: number): void {
    record.atMs = atMs;
    this.#touch(record);
    this.#timers.set(record);
    this.#timers.sweep(this.#records, nowMs);
  }

  #enqueueAll(nowMs: number): void {
    this.#lanes = new ShareLanes(this.#stored.settings.order);
    for (const record of this.#records.values()) {
      record.isQueued = false;
      this.#lanes.add(record, nowMs);
    }
  }

  #touch({ block }: ShareRecord): void {
    block.isDirty = true;
  }

  #update(change: Partial<StoredSharePartition>): void {
    this.#stored = { ...this.#stored, ...change };
    this.#isDirty = true;
  }
}

const NEW_RECORD: Omit<StoredShareRecord, "offset" | "keyHash" | "sizeBytes"> = {
  state: AVAILABLE,
  deliveryCount: 0,
  reason: NOT_GIVEN_UP,
  atMs: 0,
  token: 0,
};

export function notHeld(offset: number): Failure {
  const detail = `record ${offset} is not held by this lease: it was settled, its lease ended, or the group was reset`;
  return failure("INVALID_RECORD_STATE", detail);
}
