// A share partition as plainly as it can be written: a row for each record, looked through from the start at every step. Nothing of it is
// shared with what it is compared to.

import type { ShareOrder } from "../../src/common/share-settings.ts";

export interface ModelRecord {
  readonly offset: number;
  readonly key: number | null;
  state: "available" | "acquired" | "archiving" | "acknowledged" | "archived";
  deliveries: number;
  /** Lease's end, or not before. */
  atMs: number;
  token: number;
}

export class ShareModel {
  readonly records: ModelRecord[] = [];
  order: ShareOrder = "none";
  maxDeliveries = 3;
  hasDeadLetterTopic = false;
  endOffset = 0;

  get undecided(): ModelRecord[] {
    return this.records.filter(({ state }) => state !== "acknowledged" && state !== "archived");
  }

  get startOffset(): number {
    return this.undecided[0]?.offset ?? this.endOffset;
  }

  load(records: readonly { readonly offset: number; readonly key: number | null }[], nextOffset: number): void {
    for (const { offset, key } of records) this.records.push({ offset, key, state: "available", deliveries: 0, atMs: 0, token: 0 });
    this.endOffset = nextOffset;
  }

  /** Leases in the order of their ends; of those that end together, in the order of their offsets. */
  expire(nowMs: number): void {
    for (;;) {
      const over = this.records.filter(({ state, atMs }) => state === "acquired" && atMs <= nowMs);
      if (over.length === 0) return;
      this.release(
        over.reduce((first, one) => (one.atMs < first.atMs ? one : first)),
        0,
        nowMs,
      );
    }
  }

  acquire(maxRecords: number, leaseMs: number, token: number, nowMs: number): number[] {
    this.expire(nowMs);
    const taken: ModelRecord[] = [];
    for (const record of this.records) {
      if (taken.length === maxRecords) break;
      if (record.state !== "available" || record.atMs > nowMs || !this.#isTurnOf(record, taken)) continue;
      taken.push(record);
      Object.assign(record, { state: "acquired", deliveries: record.deliveries + 1, atMs: nowMs + leaseMs, token });
    }
    return taken.map(({ offset }) => offset);
  }

  held(offset: number, token: number, nowMs: number): ModelRecord | undefined {
    this.expire(nowMs);
    return this.records.find((record) => record.offset === offset && record.state === "acquired" && record.token === token);
  }

  release(record: ModelRecord, delayMs: number, nowMs: number): void {
    const { token } = record;
    if (record.deliveries >= this.maxDeliveries) this.giveUp(record);
    else Object.assign(record, { state: "available", atMs: nowMs + delayMs, token: 0 });
    for (const later of this.records) {
      const isBehind = later.offset > record.offset && later.state === "acquired" && later.token === token;
      if (isBehind && this.#isSameLane(later, record)) this.giveBack(later, nowMs);
    }
  }

  giveBack(record: ModelRecord, nowMs: number): void {
    Object.assign(record, { state: "available", deliveries: record.deliveries - 1, atMs: nowMs, token: 0 });
  }

  giveUp(record: ModelRecord): void {
    Object.assign(record, { state: this.hasDeadLetterTopic ? "archiving" : "archived", token: 0 });
  }

  /** Nothing before it in its lane is under way, but for what the same acquisition takes of a partition. */
  #isTurnOf(record: ModelRecord, taken: readonly ModelRecord[]): boolean {
    return this.records
      .filter((other) => other !== record && this.#isSameLane(other, record))
      .every((other) => {
        if (this.order === "partition" && taken.includes(other)) return true;
        return other.state === "available" ? other.offset > record.offset : other.state !== "acquired";
      });
  }

  #isSameLane(one: ModelRecord, other: ModelRecord): boolean {
    if (this.order === "none") return false;
    return this.order === "partition" || (one.key !== null && one.key === other.key);
  }
}
