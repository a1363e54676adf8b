// Brings the records that were given up to the dead-letter topic (KIP-1191), each once: by an idempotent producer of the share partition's
// own, whose place is stored before anything leaves. After a crash the same records are sent under the same sequences, and the partition
// that has them already says so. What cannot be written waits, counts as in flight, and is tried again later and later.

import type { ErrorName, Failure } from "../common/errors.ts";
import { DEAD_LETTER_RETRY_MS, MAX_DEAD_LETTER_RETRY_MS, MAX_DEAD_LETTERS_PER_WRITE } from "../common/limits/share-groups.ts";
import { REJECTED, type StoredDeadLetterProducer } from "../storage/share-partition-store.ts";
import type { SharePartition } from "./share-partition.ts";
import type { DeadLetterRun, SharePartitionOptions } from "./share-partition-coordinator.ts";

export interface ShareDeadLettersOptions
  extends Pick<SharePartitionOptions, "now" | "ringBy" | "tell" | "newProducerId" | "writeDeadLetters"> {
  readonly partition: () => SharePartition | null;
  /** Stores what changed. */
  readonly stored: () => Promise<void>;
}

/** The topic does not know the producer any more: another one has to begin. */
const PRODUCER_IS_GONE: readonly ErrorName[] = ["OUT_OF_ORDER_SEQUENCE_NUMBER", "UNKNOWN_PRODUCER_ID", "INVALID_PRODUCER_EPOCH"];

export class ShareDeadLetters {
  readonly #options: ShareDeadLettersOptions;
  #isSending = false;
  #failures = 0;
  /** Not before (ms since the epoch). */
  #retryAtMs = 0;
  lastError: string | null = null;

  constructor(options: ShareDeadLettersOptions) {
    this.#options = options;
  }

  /** The alarm does it: the request that gave records up is not kept waiting. */
  sendSoon(): void {
    if (!this.#isSending) this.#options.ringBy(Math.max(this.#options.now(), this.#retryAtMs));
  }

  /** Writes all that there is, or until something fails. */
  async send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      while (this.#options.now() >= this.#retryAtMs && (await this.#sendSome()));
    } finally {
      this.#isSending = false;
    }
    if ((this.#options.partition()?.archivingCount ?? 0) > 0) this.sendSoon();
  }

  /** @returns true: some were written, and there may be more */
  async #sendSome(): Promise<boolean> {
    const partition = this.#options.partition();
    const topic = partition?.stored.settings.deadLetterTopic ?? null;
    if (partition === null || topic === null || partition.archivingCount === 0) return false;
    try {
      return await this.#sendRun(partition, topic);
    } catch (thrown) {
      // An object that is asked on the way is gone for now: as good as a refusal, and tried again like one.
      this.#hasFailed(String(thrown));
      return false;
    }
  }

  async #sendRun(partition: SharePartition, topic: string): Promise<boolean> {
    const producer = await this.#producerFor(partition, topic);
    const run = nextRun(partition, producer);
    const offsets = run.letters.map(({ offset }) => offset);
    partition.setDeadLetters({ ...producer, sending: offsets });
    await this.#options.stored(); // and durable before the write leaves
    const failed = await this.#options.writeDeadLetters(run);
    if (this.#options.partition() !== partition) return false; // the group was deleted meanwhile
    if (failed !== null) return this.#putOff(partition, producer, offsets, failed);
    const wasFull = partition.isFull;
    partition.deadLettered(offsets);
    partition.setDeadLetters({ ...producer, sequence: (producer.sequence + offsets.length) % 2 ** 31, sending: null });
    await this.#options.stored();
    if (wasFull) this.#options.tell();
    [this.#failures, this.#retryAtMs, this.lastError] = [0, 0, null];
    return true;
  }

  /** Another one where those that may have arrived are not to be written any more: its sequences are not known. */
  async #producerFor(partition: SharePartition, topic: string): Promise<StoredDeadLetterProducer> {
    const known = partition.stored.deadLetters;
    const sending = known?.sending ?? [];
    const isWhole = partition.archiving().filter(isAmong(sending)).length === sending.length;
    if (known?.topic === topic && isWhole) return known;
    return { topic, producerId: await this.#options.newProducerId(), sequence: 0, sending: null };
  }

  #putOff(partition: SharePartition, producer: StoredDeadLetterProducer, offsets: readonly number[], failed: Failure): false {
    const isGone = PRODUCER_IS_GONE.includes(failed.error);
    partition.setDeadLetters(isGone ? null : { ...producer, sending: offsets });
    this.#hasFailed(`${failed.error}: ${failed.detail}`);
    return false;
  }

  #hasFailed(reason: string): void {
    this.#failures += 1;
    this.#retryAtMs = this.#options.now() + Math.min(DEAD_LETTER_RETRY_MS * 2 ** (this.#failures - 1), MAX_DEAD_LETTER_RETRY_MS);
    this.lastError = reason;
  }
}

/** The next ones; those that may have arrived, if there are such. */
function nextRun(partition: SharePartition, { topic, producerId, sequence, sending }: StoredDeadLetterProducer): DeadLetterRun {
  const archiving = partition.archiving();
  const chosen = sending === null ? archiving.slice(0, MAX_DEAD_LETTERS_PER_WRITE) : archiving.filter(isAmong(sending));
  const letters = chosen.map(({ offset, deliveryCount, reason }) => ({ offset, deliveryCount, isRejected: reason === REJECTED }));
  return { partition: partition.stored, topic, producerId, sequence, letters };
}

function isAmong(offsets: readonly number[]): (record: { readonly offset: number }) => boolean {
  const set = new Set(offsets);
  return ({ offset }) => set.has(offset);
}
