// Topics, their partitions and what those are made of.

import type { SegmentAnswer, SegmentPage, TruncatedAnswer, VerifiedSegments, VerifySegmentsRequest } from "../../contract/segments.ts";
import type { AlterTopicRequest, CreateTopicRequest, DescribedTopic, OffsetAnswer, TopicAnswer, TopicPage } from "../../contract/topics.ts";
import type { Client } from "../client.ts";
import { pages } from "./pages.ts";

/** `maxTimestamp`: the record with the largest timestamp. A number: the first record at or after that time (ms). */
export type OffsetTime = "earliest" | "latest" | "maxTimestamp" | number;

export type Isolation = "read_committed" | "read_uncommitted";

export type TopicSummary = TopicPage["topics"][number];

export interface ValidateOnly {
  /** Check everything, change nothing. */
  readonly validateOnly?: boolean;
}

export class TopicAdmin {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** By name. */
  async *list({ prefix }: { readonly prefix?: string } = {}): AsyncGenerator<TopicSummary> {
    for await (const { topics } of pages<TopicPage>(this.#client, "/v1/topics", { prefix })) yield* topics;
  }

  /** @throws SluiceError TOPIC_ALREADY_EXISTS, which is also what a repetition after a lost answer finds */
  create(topic: CreateTopicRequest, { validateOnly }: ValidateOnly = {}): Promise<TopicAnswer> {
    return this.#client.call("POST", "/v1/topics", { body: topic, query: { validateOnly } });
  }

  describe(topic: string): Promise<DescribedTopic> {
    return this.#client.call("GET", pathOf(topic));
  }

  /** More partitions, and configs; null resets one. */
  alter(topic: string, changes: AlterTopicRequest, { validateOnly }: ValidateOnly = {}): Promise<TopicAnswer> {
    return this.#client.call("PATCH", pathOf(topic), { body: changes, query: { validateOnly } });
  }

  delete(topic: string): Promise<void> {
    return this.#client.call("DELETE", pathOf(topic), { isRepeatable: false });
  }

  /** Which offset has a time. */
  offset(topic: string, partition: number, timestamp: OffsetTime, isolation?: Isolation): Promise<OffsetAnswer> {
    return this.#client.call("GET", `${pathOf(topic, partition)}/offsets`, { query: { timestamp, isolation } });
  }

  /** Deletes the records before an offset; -1: all. */
  truncate(topic: string, partition: number, beforeOffset: number): Promise<TruncatedAnswer> {
    return this.#client.call("POST", `${pathOf(topic, partition)}/truncate`, { body: { beforeOffset } });
  }

  /** By offset. */
  async *segments(topic: string, partition: number): AsyncGenerator<SegmentAnswer> {
    for await (const { segments } of pages<SegmentPage>(this.#client, `${pathOf(topic, partition)}/segments`)) yield* segments;
  }

  /** Reads every segment and proves it whole: one answer each time that some are checked, until the end of the partition. */
  async *verify(topic: string, partition: number, options: VerifySegmentsRequest = {}): AsyncGenerator<VerifiedSegments> {
    let cursor: string | null = options.cursor ?? null;
    do {
      const body: VerifySegmentsRequest = { ...options, ...(cursor === null ? {} : { cursor }) };
      const path = `${pathOf(topic, partition)}/segments/verify`;
      const timeoutMs = VERIFY_TIMEOUT_MS;
      const answer: VerifiedSegments = await this.#client.call("POST", path, { body, timeoutMs });
      yield answer;
      cursor = answer.nextCursor;
    } while (cursor !== null);
  }
}

/** The longest verification (MAX_VERIFY_MS of common/limits/verification.ts), and the way. */
const VERIFY_TIMEOUT_MS = 75_000;

/** Of a topic, or of one of its partitions. */
export function pathOf(topic: string, partition?: number): string {
  const path = `/v1/topics/${encodeURIComponent(topic)}`;
  return partition === undefined ? path : `${path}/partitions/${partition}`;
}
