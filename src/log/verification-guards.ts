// Guards against transactions that nobody would end (KIP-890; org.apache.kafka.storage.internals.log: VerificationGuard,
// VerificationStateEntry). A batch that would begin a transaction in a partition comes with the guard that the partition handed out before
// the coordinator was asked: a marker in between voids the guard, so that a batch which was late cannot begin a transaction anew.
//
// Guards live in memory alone. After a restart none is known, and the batch is verified once more.

import { MAX_PENDING_VERIFICATIONS } from "../common/limits/partition-log.ts";

interface PendingVerification {
  readonly guard: number;
  readonly producerEpoch: number;
  /** The lowest first sequence that came: no other batch may be the transaction's first, whichever is verified first. */
  lowestSequence: number;
}

/** Guards in one life of a partition before their numbers come again: no request is so old. */
const GUARDS_PER_LIFE = 2 ** 24;

export class VerificationGuards {
  /** By producer id, the oldest first. */
  readonly #pending = new Map<number, PendingVerification>();
  readonly #firstGuard: number;
  #count = 0;

  /** @param leaderEpoch of this life of the partition: no other one's guards are valid in it */
  constructor(leaderEpoch: number) {
    this.#firstGuard = leaderEpoch * GUARDS_PER_LIFE;
  }

  /** The guard of a producer's verification: a new one, or that of an earlier batch of this epoch which waits for it too. */
  begin(producerId: number, producerEpoch: number, sequence: number): number {
    const known = this.#pending.get(producerId);
    if (known?.producerEpoch === producerEpoch) {
      known.lowestSequence = Math.min(known.lowestSequence, sequence);
      return known.guard;
    }
    const guard = this.#firstGuard + (this.#count++ % GUARDS_PER_LIFE);
    if (known !== undefined && known.producerEpoch > producerEpoch) return guard; // void from the beginning: a newer producer waits
    this.#pending.delete(producerId);
    this.#pending.set(producerId, { guard, producerEpoch, lowestSequence: sequence });
    for (const oldest of this.#pending.keys()) {
      if (this.#pending.size <= MAX_PENDING_VERIFICATIONS) break;
      this.#pending.delete(oldest);
    }
    return guard;
  }

  /** The verification that `guard` stands for, null where it is void. */
  find(producerId: number, producerEpoch: number, guard: number | undefined): Pick<PendingVerification, "lowestSequence"> | null {
    const known = this.#pending.get(producerId);
    return known !== undefined && known.guard === guard && known.producerEpoch === producerEpoch ? known : null;
  }

  /** The producer's transaction began, or ended. */
  void(producerId: number): void {
    this.#pending.delete(producerId);
  }
}
