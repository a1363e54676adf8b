// Kafka's protocol by hand, for what kafkajs can't do: to read a partition without a group, and a group's offsets once they are stable.

import { isFailure } from "../../../src/common/errors.ts";
import { API } from "../../../src/protocol/api-keys.ts";
import type { AbortedTransaction } from "../../../src/record/aborted-batches.ts";
import { batchHeaders, isControl } from "../../../src/record/record-batch.ts";
import { createRecordCodec } from "../../../src/wasm/record-codec.ts";
import { loadCore } from "../../support/core.ts";
import type { Isolation, Place, PolledRecord } from "../../support/history/history.ts";
import { WireConnection } from "./wire-connection.ts";
import { splitPlace } from "./work.ts";

const MAX_FETCH_BYTES = 30_000;
const MAX_WAIT_MS = 100;
const MAX_DECODED_BYTES = 1 << 24;
const FETCH_VERSION = 12;
const OFFSET_FETCH_VERSION = 7;

export interface Fetched {
  readonly records: readonly PolledRecord[];
  readonly nextOffset: number;
}

export class WireClient {
  readonly #connection: WireConnection;
  readonly #codec = createRecordCodec(loadCore(), MAX_DECODED_BYTES);

  /** @param address HOST:PORT */
  constructor(address: string) {
    this.#connection = new WireConnection(address);
  }

  /** Null where nothing was got. */
  async fetch(place: Place, isolation: Isolation, fetchOffset: number): Promise<Fetched | null> {
    const { topic, partition } = splitPlace(place);
    const position = { partition, currentLeaderEpoch: -1, fetchOffset, lastFetchedEpoch: -1, logStartOffset: -1 };
    const response = await this.#connection.ask(API.fetch, FETCH_VERSION, {
      ...{ replicaId: -1, maxWaitMs: MAX_WAIT_MS, minBytes: 1, maxBytes: MAX_FETCH_BYTES },
      ...{ isolationLevel: isolation === "read_committed" ? 1 : 0, sessionId: 0, sessionEpoch: -1 },
      topics: [{ topic, partitions: [{ ...position, partitionMaxBytes: MAX_FETCH_BYTES }] }],
      ...{ forgottenTopicsData: [], rackId: "" },
    } as never);
    const fetched = response?.responses[0]?.partitions[0];
    if (fetched === undefined || fetched.errorCode !== 0 || fetched.records === null || fetched.records.length === 0) return null;
    const limits = { maxRecords: Infinity, maxBytes: Infinity };
    const aborted = withEnds(fetched.records, fetched.abortedTransactions ?? []);
    const decoded = this.#codec.decode(fetched.records, fetchOffset, limits, aborted);
    if (isFailure(decoded)) throw new Error(`what was fetched from ${place} is damaged: ${decoded.detail}`);
    const { records, nextOffset } = decoded;
    return { records: records.map(({ offset, value }) => [offset, new TextDecoder().decode(value!)]), nextOffset };
  }

  /** What the group has committed, null where it has nothing; undefined where that is not known, or about to change. */
  async committedOffset(groupId: string, place: Place): Promise<number | null | undefined> {
    const { topic, partition } = splitPlace(place);
    const topics = [{ name: topic, partitionIndexes: [partition] }];
    const response = await this.#connection.ask(API.offsetFetch, OFFSET_FETCH_VERSION, {
      groupId,
      topics,
      groups: [],
      requireStable: true,
    } as never);
    const found = response?.topics[0]?.partitions[0];
    if (response?.errorCode !== 0 || found === undefined || found.errorCode !== 0) return undefined;
    return found.committedOffset < 0 ? null : found.committedOffset;
  }

  close(): void {
    this.#connection.close();
  }
}

/** As a Kafka consumer finds out where an aborted transaction ends: at the producer's next marker, if it is there. */
function withEnds(batches: Uint8Array, aborted: readonly Omit<AbortedTransaction, "lastOffset">[]): AbortedTransaction[] {
  const markers = [...batchHeaders(batches)].filter(isControl);
  return aborted.map((transaction) => {
    const { producerId, firstOffset } = transaction;
    const marker = markers.find((header) => header.producerId === producerId && header.baseOffset > firstOffset);
    return { ...transaction, lastOffset: marker?.baseOffset ?? Infinity };
  });
}
