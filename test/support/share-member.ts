// A member of a share group by Kafka's protocol over a bare socket: joins, fetches what it is assigned, acknowledges, and goes without a word if
// wanted. What a client library would do, in short.

import { API, type Api } from "../../src/protocol/api-keys.ts";
import type { DecodedStruct, Fields } from "../../src/protocol/fields.ts";
import type { DecodedRecord } from "../../src/record/codec.ts";
import { openResponse, requestFrame } from "./kafka-frames.ts";
import { connectKafka, type KafkaSocket } from "./kafka-socket.ts";
import { NO_LIMITS, plainCodec } from "./plain-batches.ts";

export interface FetchedRecord {
  readonly topicId: string;
  readonly partition: number;
  readonly record: DecodedRecord;
  readonly deliveryCount: number;
}

export const ACKNOWLEDGE_TYPES = { accept: 1, release: 2, reject: 3 } as const;

export interface Acknowledgement {
  readonly of: FetchedRecord;
  readonly type: keyof typeof ACKNOWLEDGE_TYPES;
}

const HEARTBEAT_MS = 2_000;

export class ShareMember {
  readonly #socket: KafkaSocket;
  readonly #groupId: string;
  readonly #memberId = crypto.randomUUID();
  #memberEpoch = 0;
  #heardMs = 0;
  #sessionEpoch = 0;
  #assignment: readonly { readonly topicId: string; readonly partitions: readonly number[] }[] = [];

  constructor(socket: KafkaSocket, groupId: string) {
    this.#socket = socket;
    this.#groupId = groupId;
  }

  static async join(address: string, groupId: string, topic: string): Promise<ShareMember> {
    const member = new ShareMember(await connectKafka(address), groupId);
    await member.#heartbeat([topic]);
    return member;
  }

  async fetch(maxRecords: number, maxWaitMs: number): Promise<FetchedRecord[]> {
    if (performance.now() - this.#heardMs > HEARTBEAT_MS) await this.#heartbeat(null);
    const topics = this.#assignment.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map((partitionIndex) => ({ partitionIndex, acknowledgementBatches: [] })),
    }));
    const limits = { maxWaitMs, minBytes: 1, maxBytes: 1 << 20, maxRecords, batchSize: maxRecords, shareAcquireMode: 0 };
    const asked = this.#sessionEpoch === 0 ? topics : [];
    const response = await this.#ask(API.shareFetch, 2, { ...this.#session(), ...limits, topics: asked, forgottenTopicsData: [] });
    if (response.errorCode !== 0) throw new Error(`ShareFetch: ${response.errorMessage}`);
    return response.responses.flatMap(({ topicId, partitions }) => partitions.flatMap((one) => recordsOf(topicId, one)));
  }

  /** Error codes by `TOPIC_ID/PARTITION`, of the partitions that were refused. */
  async acknowledge(acknowledgements: readonly Acknowledgement[]): Promise<ReadonlyMap<string, number>> {
    const byPlace = Map.groupBy(acknowledgements, ({ of }) => placeOf(of));
    const topics = [...byPlace.values()].map((ones) => ({
      topicId: ones[0]!.of.topicId,
      partitions: [{ partitionIndex: ones[0]!.of.partition, acknowledgementBatches: batchesOf(ones) }],
    }));
    const response = await this.#ask(API.shareAcknowledge, 2, { ...this.#session(), topics });
    if (response.errorCode !== 0) throw new Error(`ShareAcknowledge: ${response.errorMessage}`);
    const told = response.responses.flatMap(({ topicId, partitions }) =>
      partitions.map(({ partitionIndex, errorCode }) => [`${topicId}/${partitionIndex}`, errorCode] as const),
    );
    return new Map(told.filter(([, errorCode]) => errorCode !== 0));
  }

  /** It says nothing more, and its connection is cut. */
  crash(): void {
    this.#socket.socket.destroy();
  }

  async #heartbeat(subscribedTopicNames: readonly string[] | null): Promise<void> {
    const owner = { groupId: this.#groupId, memberId: this.#memberId, memberEpoch: this.#memberEpoch, rackId: null };
    const response = await this.#ask(API.shareGroupHeartbeat, 1, { ...owner, subscribedTopicNames });
    if (response.errorCode !== 0) throw new Error(`ShareGroupHeartbeat: ${response.errorMessage}`);
    this.#memberEpoch = response.memberEpoch;
    this.#heardMs = performance.now();
    if (response.assignment === null) return;
    this.#assignment = response.assignment.topicPartitions;
    this.#sessionEpoch = 0; // of the same connection: what the member holds it holds still
  }

  #session() {
    const shareSessionEpoch = this.#sessionEpoch++;
    return { groupId: this.#groupId, memberId: this.#memberId, shareSessionEpoch, isRenewAck: false };
  }

  async #ask<Response extends Fields>(api: Api<Fields, Response>, version: number, request: object): Promise<DecodedStruct<Response>> {
    this.#socket.send(requestFrame(api as never, version, request as never));
    return openResponse(api, version, await this.#socket.next()).response;
  }
}

export function placeOf({ topicId, partition }: Pick<FetchedRecord, "topicId" | "partition">): string {
  return `${topicId}/${partition}`;
}

interface FetchedPartition {
  readonly partitionIndex: number;
  readonly records: Uint8Array | null;
  readonly acquiredRecords: readonly { readonly firstOffset: number; readonly lastOffset: number; readonly deliveryCount: number }[];
}

/** Those that were acquired; one that the batches do not have is a broken promise. */
function recordsOf(topicId: string, { partitionIndex, records, acquiredRecords }: FetchedPartition): FetchedRecord[] {
  const byOffset = new Map(plainCodec.decode(records ?? new Uint8Array(), 0, NO_LIMITS).records.map((record) => [record.offset, record]));
  return acquiredRecords.flatMap(({ firstOffset, lastOffset, deliveryCount }) =>
    Array.from({ length: lastOffset - firstOffset + 1 }, (_, index) => {
      const record = byOffset.get(firstOffset + index);
      if (record === undefined) throw new Error(`record ${partitionIndex}/${firstOffset + index} was acquired and not sent`);
      return { topicId, partition: partitionIndex, record, deliveryCount };
    }),
  );
}

/** One for each offset, as a client's that has nothing in a row. */
function batchesOf(acknowledgements: readonly Acknowledgement[]) {
  return acknowledgements
    .toSorted((one, other) => one.of.record.offset - other.of.record.offset)
    .map(({ of: { record }, type }) => ({
      ...{ firstOffset: record.offset, lastOffset: record.offset },
      acknowledgeTypes: [ACKNOWLEDGE_TYPES[type]],
    }));
}
