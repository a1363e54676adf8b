// A record that is one consumer's own until its lease ends, and the four things that can be done with it.

import { MAX_SHARE_DELAY_MS, MAX_SHARE_LEASE_MS, MIN_SHARE_LEASE_MS } from "../../common/limits/share-groups.ts";
import { type ConsumerRecord, fromJson, type JsonRecord, type TopicPartition } from "../consumer/records.ts";
import { errorOf } from "../errors.ts";
import type { Settlement } from "./settler.ts";

/**
 * A record of a share group. It is settled once, by `ack`, `release` or `reject`; else it is delivered again when its lease ends.
 *
 * Each call resolves once the broker has it durable, and rejects with INVALID_RECORD_STATE where the lease does not count any more: the
 * record is, or will be, delivered again. Nobody has to wait for it, or to catch it: the consumer's `onError` is told too.
 */
export interface LeasedRecord extends ConsumerRecord {
  /** Deliveries of the record, this one included. */
  readonly deliveryCount: number;
  /** Whether it is still to be settled. */
  readonly isOpen: boolean;
  /** Done. */
  ack(): Promise<void>;
  /** Again, to anybody, after a while (ms): unless this was the last delivery that the group allows. */
  release(options?: { readonly delayMs?: number }): Promise<void>;
  /** Never again: to the dead-letter topic, where the group has one. */
  reject(): Promise<void>;
  /** More time: the lease ends so long from now (ms), or as the group has it. */
  renew(options?: { readonly leaseMs?: number }): Promise<void>;
}

/** A record of a pull's answer with `encoding=base64`. */
export interface LeasedJson extends JsonRecord, TopicPartition {
  readonly leaseId: string;
  readonly deliveryCount: number;
}

/** Sends a settlement, and hears of the lease's end. */
export type Settle = (lease: Lease, settlement: Settlement) => Promise<void>;

export class Lease implements LeasedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: ConsumerRecord["headers"];
  readonly deliveryCount: number;
  readonly leaseId: string;
  readonly #settle: Settle;
  #isOpen = true;

  constructor(json: LeasedJson, settle: Settle) {
    const { offset, timestamp, key, value, headers } = fromJson(json);
    this.topic = json.topic;
    this.partition = json.partition;
    this.offset = offset;
    this.timestamp = timestamp;
    this.key = key;
    this.value = value;
    this.headers = headers;
    this.deliveryCount = json.deliveryCount;
    this.leaseId = json.leaseId;
    this.#settle = settle;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  ack(): Promise<void> {
    return this.#end({ action: "ack" });
  }

  release({ delayMs = 0 }: { readonly delayMs?: number } = {}): Promise<void> {
    checkMs("delayMs", delayMs, 0, MAX_SHARE_DELAY_MS);
    return this.#end({ action: "release", delayMs });
  }

  reject(): Promise<void> {
    return this.#end({ action: "reject" });
  }

  renew({ leaseMs }: { readonly leaseMs?: number } = {}): Promise<void> {
    if (leaseMs !== undefined) checkMs("leaseMs", leaseMs, MIN_SHARE_LEASE_MS, MAX_SHARE_LEASE_MS);
    return this.#isOpen ? this.#settle(this, { action: "renew", leaseMs: leaseMs ?? null }) : settledAlready();
  }

  /** The lease does not count any more, and the broker knows it. */
  forget(): void {
    this.#isOpen = false;
  }

  #end(settlement: Settlement): Promise<void> {
    if (!this.#isOpen) return settledAlready();
    this.#isOpen = false;
    return this.#settle(this, settlement);
  }
}

/** Refused here: the broker would refuse the whole request, with the settlements of others in it. */
function checkMs(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${name} is an integer from ${min} to ${max} ms, not ${value}`);
}

function settledAlready(): Promise<never> {
  const refused = Promise.reject(errorOf("INVALID_RECORD_STATE", "the record is settled already, or its lease was given back"));
  refused.catch(() => undefined); // nobody has to look at it
  return refused;
}
