// The coordinator of one share partition: it begins it where the group's settings say, hands out its records, settles them, and stores what
// changed before anybody hears of it. Calls that come together are stored together.
//
// If the process dies: what was settled and answered is stored; an acquisition that was stored and not answered ends with its lease; one
// that was not stored never was. So nothing that was acknowledged is delivered again, and at worst something is delivered once more.

import { type Failure, failure, isFailure } from "../common/errors.ts";
import { MAX_SHARE_DELAY_MS, SHARE_LOAD_TIMEOUT_MS } from "../common/limits/share-groups.ts";
import { ACQUIRED, ARCHIVING, AVAILABLE, type SharePartitionStore, type StoredSharePartition } from "../storage/share-partition-store.ts";
import { DeferredWrite } from "./deferred-write.ts";
import { ShareDeadLetters } from "./share-dead-letters.ts";
import { ShareLoads } from "./share-loads.ts";
import type {
  AcknowledgeRequest,
  AcquiredRecords,
  AcquireRequest,
  LoadedRecords,
  NextRecords,
  SettleRequest,
  SharePartitionAddress,
  SharePartitionDescription,
} from "./share-messages.ts";
import { notHeld, SharePartition } from "./share-partition.ts";
import type { ShareRecord } from "./share-record.ts";

/** A record that was given up, and what its headers tell. */
export interface DeadLetter {
  readonly offset: number;
  readonly deliveryCount: number;
  readonly isRejected: boolean;
}

export interface DeadLetterRun {
  readonly partition: StoredSharePartition;
  readonly topic: string;
  readonly producerId: number;
  readonly sequence: number;
  readonly letters: readonly DeadLetter[];
}

export interface SharePartitionOptions {
  readonly now: () => number;
  /** 53 bits, not 0, that nobody guesses. */
  readonly newToken: () => number;
  /** null: the group is there, under this UUID. */
  readonly confirmGroup: (address: SharePartitionAddress) => Promise<null | Failure>;
  /** Where the group begins in a partition that it has not seen. */
  readonly initialOffset: (address: SharePartitionAddress) => Promise<number | Failure>;
  /** Calls `ring` at this time, or before (ms since the epoch). */
  readonly ringBy: (atMs: number) => void;
  /** Some of the waiting pulls may find something now. One that does not come for it closes its watch. */
  readonly tell: () => void;
  /** Every waiting pull is to ask again. */
  readonly tellAll: () => void;
  readonly newProducerId: () => Promise<number>;
  /** Appends them all to the dead-letter topic, once for each sequence. */
  readonly writeDeadLetters: (run: DeadLetterRun) => Promise<null | Failure>;
  /** Storing failed: what is in memory is not what is stored, and must not be used any more. */
  readonly broken: (error: unknown) => void;
}

export class SharePartitionCoordinator {
  readonly #store: SharePartitionStore;
  readonly #options: SharePartitionOptions;
  readonly #writes = new DeferredWrite(() => this.#write());
  readonly #loads: ShareLoads;
  readonly #deadLetters: ShareDeadLetters;
  /** null until somebody consumes it. */
  #partition: SharePartition | null = null;
  #opening: Promise<SharePartition | Failure> | null = null;
  /** For good: a group made again has other share partitions. */
  #isDestroyed = false;
  /** Exclusive: how far the group may read, as it was last heard of. */
  #readableEndOffset = 0;

  constructor(store: SharePartitionStore, options: SharePartitionOptions) {
    this.#store = store;
    this.#options = options;
    this.#loads = new ShareLoads({ now: options.now, timeoutMs: SHARE_LOAD_TIMEOUT_MS });
    this.#deadLetters = new ShareDeadLetters({ ...options, partition: () => this.#partition, stored: () => this.#stored() });
    const stored = store.partition();
    if (stored !== null) this.#partition = new SharePartition(stored, store.blocks(), options.now());
  }

  /** The partition has its start offset, and these settings: no call that knows older ones brings them back. */
  async open(address: SharePartitionAddress): Promise<null | Failure> {
    const wasPaused = this.#partition?.isPaused === true;
    const partition = await this.#open(address);
    if (isFailure(partition)) return partition;
    await this.#stored();
    if (wasPaused && !partition.isPaused) this.#options.tellAll(); // none of them has watched the log meanwhile
    return null;
  }

  async acquire(request: AcquireRequest): Promise<AcquiredRecords | Failure> {
    const partition = await this.#open(request.address);
    if (isFailure(partition)) return partition;
    if (request.loaded !== undefined) this.#takeLoaded(partition, request.loaded);
    const token = request.token ?? this.#options.newToken();
    let records = this.#handOut(partition, request, token);
    let hasLooked = request.loaded !== undefined;
    if (records.length === 0 && request.maxRecords > 0 && !hasLooked && this.#loads.isUnderWay) {
      await this.#loads.over();
      hasLooked = !this.#loads.isUnderWay;
      records = this.#handOut(partition, request, token);
    }
    const load = this.#askToLoad(partition, request.maxRecords - records.length, records.length > 0 || hasLooked);
    await this.#stored();
    if (records.length > 0 || request.loaded !== undefined) this.tellIfReady();
    return {
      ...acquiredRecords(records, token),
      deadlineMs: records[0]?.atMs ?? this.#options.now(),
      load,
      endOffset: partition.endOffset,
      isFull: partition.isFull || partition.isPaused,
      nextAtMs: partition.isPaused ? null : partition.nextAtMs(),
    };
  }

  /** Where an acquisition would begin: with a record that is back, or with the log behind what was taken from it. */
  async next(address: SharePartitionAddress): Promise<NextRecords | Failure> {
    const partition = await this.#open(address);
    if (isFailure(partition)) return partition;
    const ready = partition.nextReadyOffset(this.#options.now());
    await this.#stored();
    if (partition.isPaused) return { offset: null, nextAtMs: null };
    return { offset: ready ?? (partition.isFull ? null : partition.endOffset), nextAtMs: partition.nextAtMs() };
  }

  /** One entry for each settlement, in order: null, or INVALID_RECORD_STATE. */
  async settle({ address, settlements }: SettleRequest): Promise<readonly (null | Failure)[]> {
    const partition = this.#partition;
    if (partition === null) return settlements.map(({ offset }) => notHeld(offset)); // a lease does not make what it names
    const nowMs = this.#options.now();
    partition.configure(address.settings, address.settingsVersion, nowMs);
    const outcomes = settlements.map((settlement) => partition.settle(settlement, nowMs));
    await this.#stored();
    this.tellIfReady();
    return outcomes;
  }

  /** A member's acknowledgements: all of them count, or none. */
  async acknowledge({ address, token, batches }: AcknowledgeRequest): Promise<null | Failure> {
    const partition = this.#partition;
    if (partition === null) return notHeld(batches[0]?.firstOffset ?? 0);
    const nowMs = this.#options.now();
    partition.configure(address.settings, address.settingsVersion, nowMs);
    const refused = partition.acknowledge(token, batches, nowMs);
    await this.#stored();
    this.tellIfReady();
    return refused;
  }

  /** Whoever acquired under this token is gone. */
  async release(token: number): Promise<null> {
    this.#partition?.releaseAll(token, this.#options.now());
    await this.#stored();
    this.tellIfReady();
    return null;
  }

  /** Begins anew at an offset: every lease is void. */
  async reset(address: SharePartitionAddress, offset: number): Promise<null | Failure> {
    const partition = await this.#open(address);
    if (isFailure(partition)) return partition;
    partition.reset(offset);
    this.#loads.end();
    await this.#stored();
    this.#options.tell();
    return null;
  }

  /** null: nobody consumes it. */
  describe(): SharePartitionDescription | null {
    if (this.#partition === null) return null;
    const nowMs = this.#options.now();
    this.#partition.expire(nowMs);
    const { groupId, groupUuid, topicId, topic, partition, endOffset, counters } = this.#partition.stored;
    const records = [...this.#partition.records()];
    const count = (isOne: (record: ShareRecord) => boolean): number => records.reduce((sum, record) => sum + (isOne(record) ? 1 : 0), 0);
    return {
      ...{ groupId, groupUuid, topicId, topic, partition, endOffset, counters },
      startOffset: this.#partition.startOffset,
      available: count(({ state }) => state === AVAILABLE),
      acquired: count(({ state }) => state === ACQUIRED),
      delayed: count(({ state, atMs }) => state === AVAILABLE && atMs > nowMs),
      archiving: count(({ state }) => state === ARCHIVING),
      deadLetterError: this.#deadLetters.lastError,
    };
  }

  /** Leases, delays and dead letters whose time has come. */
  async ring(): Promise<void> {
    const partition = this.#partition;
    if (partition === null) return;
    partition.expire(this.#options.now());
    const sent = this.#deadLetters.send();
    await this.#stored();
    this.tellIfReady();
    await sent;
  }

  /** Tells some of those who wait, if there is something for them: to be handed out, or to be taken from the log. */
  tellIfReady(): void {
    const partition = this.#partition;
    if (partition === null || partition.isPaused) return;
    const hasRoom = !partition.isFull && partition.endOffset < this.#readableEndOffset && !this.#loads.isUnderWay;
    if (hasRoom || partition.nextReadyOffset(this.#options.now()) !== null) this.#options.tell();
  }

  /** The group is gone. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true;
    this.#partition = null;
    this.#loads.end();
    await this.#store.clear();
  }

  /** Whoever asks next begins anew. Leases that are out do not count any more. */
  async forget(): Promise<void> {
    if (this.#isDestroyed) return;
    await this.destroy(); // nothing is begun while it goes
    this.#isDestroyed = false;
  }

  async #open(address: SharePartitionAddress): Promise<SharePartition | Failure> {
    if (this.#partition === null) {
      this.#opening ??= this.#begin(address).finally(() => {
        this.#opening = null;
      });
      const begun = await this.#opening;
      if (isFailure(begun)) return begun;
    }
    if (this.#partition === null) return deleted(address);
    this.#partition.configure(address.settings, address.settingsVersion, this.#options.now());
    return this.#partition;
  }

  async #begin(address: SharePartitionAddress): Promise<SharePartition | Failure> {
    const refused = await this.#options.confirmGroup(address);
    if (refused !== null) return refused;
    const endOffset = await this.#options.initialOffset(address);
    if (typeof endOffset !== "number") return endOffset;
    if (this.#isDestroyed) return deleted(address);
    const { groupId, groupUuid, topicId, topic, partition, settings, settingsVersion } = address;
    const counters = { acknowledged: 0, archived: 0, deadLettered: 0 };
    const stored = { groupId, groupUuid, topicId, topic, partition, settings, settingsVersion, endOffset, counters, deadLetters: null };
    const begun = new SharePartition(stored, [], this.#options.now());
    this.#store.write({ partition: stored, blocks: [], removedBlocks: [] });
    this.#partition = begun;
    return begun;
  }

  #handOut(partition: SharePartition, { maxRecords, maxBytes, leaseMs }: AcquireRequest, token: number): ShareRecord[] {
    if (partition.isPaused) return [];
    const limits = { maxRecords, maxBytes, leaseMs: leaseMs ?? partition.stored.settings.leaseMs };
    return partition.acquire({ ...limits, token }, this.#options.now());
  }

  /** @param isServed something was handed out, or the log was looked at just now: only what is known to be there is looked for */
  #askToLoad(partition: SharePartition, wanted: number, isServed: boolean): AcquiredRecords["load"] {
    const { endOffset, room } = partition;
    if (wanted <= 0 || room === 0 || partition.isPaused || this.#loads.isUnderWay || (isServed && endOffset >= this.#readableEndOffset))
      return null;
    this.#loads.begin();
    const { settings, settingsVersion } = partition.stored;
    return { fromOffset: endOffset, maxRecords: room, settingsVersion, filter: settings.filter, delays: settings.delays };
  }

  #takeLoaded(partition: SharePartition, loaded: LoadedRecords | null): void {
    if (loaded !== null) {
      partition.load(loaded, this.#options.now());
      this.#readableEndOffset = loaded.readableEndOffset;
    }
    this.#loads.end();
  }

  /** Resolves once what changed is written: it is durable before an answer leaves. */
  async #stored(): Promise<void> {
    const partition = this.#partition;
    if (partition === null) return;
    const nextAtMs = partition.nextAtMs();
    if (nextAtMs !== null) this.#options.ringBy(Math.min(nextAtMs, this.#options.now() + MAX_SHARE_DELAY_MS));
    if (partition.archivingCount > 0) this.#deadLetters.sendSoon();
    if (partition.hasChange) await this.#writes.written();
  }

  #write(): void {
    const change = this.#partition?.takeChange() ?? null;
    try {
      if (change !== null) this.#store.write(change);
    } catch (error) {
      this.#options.broken(error);
      throw error;
    }
  }
}

function deleted({ groupId }: SharePartitionAddress): Failure {
  return failure("GROUP_ID_NOT_FOUND", `share group '${groupId}' was deleted`);
}

function acquiredRecords(records: readonly ShareRecord[], token: number) {
  return {
    token,
    offsets: records.map(({ offset }) => offset),
    deliveryCounts: records.map(({ deliveryCount }) => deliveryCount),
    sizeBytes: records.reduce((sum, record) => sum + record.sizeBytes, 0),
  };
}
