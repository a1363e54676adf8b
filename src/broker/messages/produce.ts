// What a produce asks for, and what became of it: records that the broker makes into batches, or batches as they are.

import type { Failure } from "../../common/errors.ts";
import type { Compression } from "../../wasm/compression.ts";
import type { AbortableAware } from "../abortable.ts";
import type { OnceKey } from "../ports.ts";

/** A record to write. Strings are stored as UTF-8. */
export interface ProduceRecord {
  readonly key: string | Uint8Array | null;
  readonly value: string | Uint8Array | null;
  readonly headers?: readonly { readonly key: string; readonly value: string | Uint8Array | null }[];
  /** ms; now where absent. */
  readonly timestamp?: number;
  /** Chosen by the key, or one for the whole request, where absent. */
  readonly partition?: number;
}

/** The idempotent producer's place. The sequence numbers of each partition run on from baseSequence in the order of the records. */
export interface ProducerSequence {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  /** The records belong to this id's transaction. */
  readonly transactionalId?: string;
}

export interface ProduceRequest {
  readonly topic: string;
  readonly records: readonly ProduceRecord[];
  readonly compression: Compression;
  readonly producer?: ProducerSequence;
  /** Of a request of one record: it is written once within the window, a repeat is answered with the first one's place. */
  readonly once?: OnceKey;
}

/** What became of one partition's part of a produce. */
export interface ProducePartitionResult {
  readonly partition: number;
  readonly count: number;
  /** -1 when refused. */
  readonly baseOffset: number;
  /** ms, -1 unless the topic's timestamps are LogAppendTime. */
  readonly logAppendTimeMs: number;
  /** What `once` names was there already. */
  readonly isRepeat?: true;
  readonly failure?: Failure;
}

export interface ProduceResult {
  readonly results: readonly ProducePartitionResult[];
  /** In the order of the records; offset -1 when its partition or the record itself was refused. */
  readonly offsets: readonly { readonly partition: number; readonly offset: number }[];
  /** Records refused on their own account; the others went on without them. */
  readonly refused: readonly { readonly index: number; readonly failure: Failure }[];
}

export interface ProduceBatchesRequest extends AbortableAware {
  readonly topic: string;
  /** Only to the topic with this id, where it is given: not to one that was made again under the name. */
  readonly topicId?: string;
  readonly partition: number;
  /** One or more record batches (v2), end to end. */
  readonly batches: Uint8Array;
  /** Whose transaction the transactional ones among them belong to. */
  readonly transactionalId?: string;
  /** The producer has not added the partition to its transaction: its first batch there does. */
  readonly addsPartition?: boolean;
  /** The transaction has an epoch of its own (KIP-890, part 2). */
  readonly hasOwnEpoch?: boolean;
}

export interface ProduceBatchesResult {
  readonly baseOffset: number;
  readonly count: number;
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
}
